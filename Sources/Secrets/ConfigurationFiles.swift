// SPDX-License-Identifier: Apache-2.0
package import LinuxSystem
internal import Octets
internal import SMTP
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
      guard presence == .optional, error.isAbsence else { throw error }
    }
    for name in try ConfigurationFiles.dropIns(in: "\(path).d") { try read("\(path).d/\(name)") }
  }

  /// What is wrong beyond the settings' own checks: a secret in a file that everybody can read, a rule about replies that says nothing.
  package func complaints(about settings: RelaySettings) -> [SettingsError] { exposures(in: settings) + ruleMistakes(in: settings) }

  /// The files that settings name and that are not there; they may come yet.
  package func absences(in settings: RelaySettings) -> [String] {
    settings.effective.compactMap { effective in
      guard let file = effective.file, ReadableFile.isMissing(file.path) else { return nil }
      return "\(effective.origin): \(effective.key) names \"\(file.path)\", which is not there; make it, or correct the path"
    }
  }

  private func ruleMistakes(in settings: RelaySettings) -> [SettingsError] {
    zip(settings.reply.rules, settings.ruleOrigins).compactMap { rule, origin in
      do throws(JudgementRuleMistake) {
        _ = try JudgementRule(written: rule.text)
        return nil
      } catch {
        return SettingsError(origin, "Reply.Rule \"\(rule.text)\" \(error)")
      }
    }
  }

  private func exposures(in settings: RelaySettings) -> [SettingsError] {
    settings.effective.compactMap { effective in
      let isSecret = effective.setting.isSecret || effective.value.holds(Setting.hidden)
      guard isSecret, case .line(_, let file) = effective.origin, let mode = openModes[file] else { return nil }
      let text =
        "\(effective.key) stands in a file that every user of this machine can read (mode 0\(String(mode, radix: 8))); "
        + "run: chmod o= \(file), or keep it in a file of its own with PasswordFile="
      return SettingsError(effective.origin, text)
    }
  }

  private mutating func read(_ path: String) throws(SystemFailure) {
    let file = try ReadableFile(opening: path)
    files.append(SettingsFile(name: path, bytes: try file.content(limit: ConfigurationFiles.longest)))
    if file.mode & 0o004 != 0 { openModes[path] = file.mode }
  }

  private static func dropIns(in directory: String) throws(SystemFailure) -> [String] {
    do throws(SystemFailure) {
      return try ReadableFile.names(in: directory).filter { $0.hasSuffix(".conf") }
    } catch {
      if error.isAbsence { return [] }
      throw error
    }
  }

  private static let longest = 1_048_576
}
