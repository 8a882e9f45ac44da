// SPDX-License-Identifier: Apache-2.0
package import Octets
package import Settings

/// Fetches the upstream's password from where the configuration says it is.
///
/// Every call blocks, a command for as long as its time limit: a worker makes it, never the loop. It is made again on every reload and
/// after every refused login, because a secret may have been changed meanwhile. What comes back is a ``Secret``; no failure carries a
/// byte of it.
package struct SecretReader: Sendable {
  private let environment: [String: String]
  private let commandLimit: Duration

  /// A reader for a process with this environment, which tells where systemd put the credentials and is handed on to commands.
  package init(environment: [String: String], commandLimit: Duration = .seconds(10)) {
    precondition(commandLimit > .zero, "a command needs some time")
    self.environment = environment
    self.commandLimit = commandLimit
  }

  /// The password, with the newline at its end taken off.
  package func read(_ source: UpstreamSettings.PasswordSource) throws(SecretFailure) -> Secret {
    switch source {
    case .written(let secret): return secret
    case .file(let path): return try SecretReader.secret(from: SecretFile.read(path, guarded: .byItself), "\"\(path)\"")
    case .credential(let name): return try credential(name)
    case .command(let words):
      let command = SecretCommand(words: words, environment: environment, limit: commandLimit)
      return try SecretReader.secret(from: command.output(), "what \"\(command.program)\" prints")
    }
  }

  /// Makes sure that nobody but root and ourselves can read or change a file with a private key; its content stays unread.
  package func inspect(key path: String) throws(SecretFailure) { try SecretFile.inspect(path) }

  private func credential(_ name: String) throws(SecretFailure) -> Secret {
    guard let directory = environment["CREDENTIALS_DIRECTORY"], directory.hasPrefix("/") else {
      throw .noCredentials(wanted: name)
    }
    let path = "\(directory)/\(name)"
    do throws(SecretFailure) {
      return try SecretReader.secret(from: SecretFile.read(path, guarded: .byItsDirectory), "the credential \"\(name)\"")
    } catch {
      if case .absent = error { throw .noCredential(name) }
      throw error
    }
  }

  /// Takes one newline off the end, and refuses what no password can be.
  private static func secret(from bytes: [UInt8], _ subject: String) throws(SecretFailure) -> Secret {
    var content = bytes[...]
    if content.last == 0x0a {
      content = content.dropLast()
      if content.last == 0x0d { content = content.dropLast() }
    }
    guard !content.isEmpty else { throw .empty(subject) }
    guard !content.contains(0) else { throw .unusable(subject) }
    return Secret(content.span)
  }

  /// The longest secret that is taken, in bytes.
  static let longest = 65_536
}
