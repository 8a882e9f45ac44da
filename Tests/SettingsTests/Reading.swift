// SPDX-License-Identifier: Apache-2.0
import Settings

/// Reads a configuration from text, as the programs read it from disk.
func read(_ text: String, _ dropIns: String..., environment: [String: String] = [:]) -> SettingsReading {
  var files = [SettingsFile(name: "posthouse.conf", text: text)]
  for (index, dropIn) in dropIns.enumerated() { files.append(SettingsFile(name: "\(index + 1).conf", text: dropIn)) }
  return SettingsReading(files: files, environment: environment, systemHostname: "app1.example.com")
}

/// Reads a configuration whose upstream is named in another file.
func readBehindHost(_ text: String) -> SettingsReading {
  let host = SettingsFile(name: "host.conf", text: "[Upstream]\nHost=smtp.example.com\n")
  let files = [host, SettingsFile(name: "posthouse.conf", text: text)]
  return SettingsReading(files: files, environment: [:], systemHostname: "app1.example.com")
}

/// A configuration with an upstream, and with these lines in a section of their own.
func reading(_ section: String, saying lines: String) -> SettingsReading {
  read("[Upstream]\nHost=smtp.example.com\n[\(section)]\n\(lines)\n")
}

extension SettingsReading {
  /// The complaints as people see them.
  var complaints: [String] { errors.map(\.description) }

  /// The value that holds for a setting, as `config show` has it.
  func value(_ key: String) -> String? { settings.effective.first { $0.setting.key == key }?.value }

  /// Where the value of a setting came from.
  func origin(_ key: String) -> String? { settings.effective.first { $0.setting.key == key }?.origin.description }
}
