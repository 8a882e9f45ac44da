// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import LinuxSystem
package import Settings

/// The configuration as it stands on disk: the file, and the drop-ins in the directory beside it.
///
/// `posthouse.conf` has its drop-ins in `posthouse.conf.d`, files that end in `.conf` and do not begin with a dot, in the order of the
/// bytes of their names. Reading blocks; the daemon does it while it starts and, on reload, on a worker. What it read may hold a
/// password, so the modes are kept for ``complaints(about:)``.
package struct ConfigurationFiles: Sendable {
  /// The files in the order in which they speak over each other.
  package private(set) var files: [SettingsFile] = []
  /// The modes of files that every user of the machine can read.
  private var openModes: [String: UInt16] = [:]

  /// Where the configuration is unless somebody says otherwise.
  package static let usualPath = "/etc/posthouse/posthouse.conf"

  /// Whether the main file must be there.
  package enum Presence: Sendable {
    /// A missing file is a failure.
    case required
    /// A missing file says nothing.
    case optional
  }

  /// Reads the file at `path` and its drop-ins.
  package init(reading path: String, _ presence: Presence) throws(SystemFailure) {
    do throws(SystemFailure) {
      try read(path)
    } catch {
      guard presence == .optional, error.number == ENOENT else { throw error }
    }
    for name in try ConfigurationFiles.dropIns(in: "\(path).d") { try read("\(path).d/\(name)") }
  }

  /// What is wrong with the files themselves, given what was read from them: a secret in a file that everybody can read.
  package func complaints(about settings: RelaySettings) -> [SettingsError] {
    settings.effective.compactMap { effective in
      guard effective.setting.isSecret, case .line(_, let file) = effective.origin, let mode = openModes[file] else { return nil }
      let text =
        "\(effective.setting.key) stands in a file that every user of this machine can read (mode 0\(String(mode, radix: 8))); "
        + "run: chmod o= \(file), or keep it in a file of its own with PasswordFile="
      return SettingsError(effective.origin, text)
    }
  }

  private mutating func read(_ path: String) throws(SystemFailure) {
    let file = try Descriptor.checked(unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), "open", path)
    var status = stat()
    guard unsafe fstat(file.number, &status) == 0 else { throw SystemFailure.last("look at", path) }
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = unsafe Glibc.read(file.number, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SystemFailure.last("read", path) }
      if count == 0 { break }
      content += piece[..<count]
      guard content.count <= ConfigurationFiles.longest else { throw SystemFailure(call: "read", subject: path, number: EFBIG) }
    }
    files.append(SettingsFile(name: path, bytes: content))
    if status.st_mode & 0o004 != 0 { openModes[path] = UInt16(status.st_mode & 0o7777) }
  }

  private static func dropIns(in directory: String) throws(SystemFailure) -> [String] {
    guard let stream = unsafe opendir(directory) else {
      if errno == ENOENT { return [] }
      throw SystemFailure.last("open", directory)
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name.hasSuffix(".conf"), !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static let longest = 1_048_576
}
