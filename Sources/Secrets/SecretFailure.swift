// SPDX-License-Identifier: Apache-2.0
package import LinuxSystem

/// Why a password could not be fetched, in words that say what to do; never with a byte of the secret.
///
/// Each of them is an operator's fault: the upstream is held, and nothing bounces.
package enum SecretFailure: Error, Equatable, Sendable {
  /// The file is not there.
  case absent(path: String)
  /// The system refused to open or read it.
  case unreadable(SystemFailure)
  /// It is a directory, a device or a pipe.
  case notAFile(path: String)
  /// Others than its owner have access to it; the mode is given.
  case tooOpen(path: String, mode: UInt16)
  /// It belongs neither to root nor to us.
  case foreignOwner(path: String, owner: UInt32)
  /// More than a password can be.
  case tooLarge(String)
  /// Nothing is in it.
  case empty(String)
  /// A NUL is in it, which no login can carry.
  case unusable(String)
  /// systemd handed no credentials over.
  case noCredentials(wanted: String)
  /// systemd handed credentials over, but not this one.
  case noCredential(String)
  /// A command could not be started.
  case commandNotStarted(SystemFailure)
  /// A command took too long and was killed.
  case commandTooSlow(program: String, limit: Duration)
  /// A command ended with this status.
  case commandFailed(program: String, status: Int32)
  /// A command was killed by this signal.
  case commandKilled(program: String, signal: Int32)
}

extension SecretFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .absent(let path): "secret file \"\(path)\" is not there; create it with mode 0600, or correct the setting that names it"
    case .unreadable(let failure):
      "\(failure); give the file to the user of the service with mode 0600, or hand it over as a credential with PasswordCredential="
    case .notAFile(let path): "secret file \"\(path)\" is not a regular file; name a file"
    case .tooOpen(let path, let mode):
      "secret file \"\(path)\" is open to others than its owner (mode \(octal(mode))); run: chmod 600 \(path)"
    case .foreignOwner(let path, let owner):
      "secret file \"\(path)\" belongs to user \(owner), who could change it; give it to root or to the user of the service with chown"
    case .tooLarge(let subject):
      "\(subject) is longer than \(SecretReader.longest) bytes; a password file holds the password and nothing else"
    case .empty(let subject): "\(subject) is empty; put the password there"
    case .unusable(let subject): "\(subject) has a NUL byte in it, which no login can carry; write the password as plain text"
    case .noCredentials(let name):
      "no credentials were handed over ($CREDENTIALS_DIRECTORY is not set); add LoadCredential=\(name):/path to the unit, or use "
        + "PasswordFile="
    case .noCredential(let name):
      "the credential \"\(name)\" was not handed over; add LoadCredential=\(name):/path to the unit and restart it"
    case .commandNotStarted(let failure): "\(failure); correct the setting that names it"
    case .commandTooSlow(let program, let limit):
      "command \"\(program)\" did not end within \(limit.components.seconds) s and was killed; run it by hand as the user of "
        + "the service"
    case .commandFailed(let program, let status):
      "command \"\(program)\" ended with status \(status); run it by hand as the user of the service"
    case .commandKilled(let program, let signal):
      "command \"\(program)\" was killed by signal \(signal); run it by hand as the user of the service"
    }
  }

  private func octal(_ mode: UInt16) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
  }
}
