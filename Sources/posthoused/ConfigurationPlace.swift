// SPDX-License-Identifier: Apache-2.0
import LinuxSystem
import Secrets
import Settings

/// Where the configuration comes from, to be read at start and again at every reload.
struct ConfigurationPlace: Sendable {
  private let path: String
  private let presence: ConfigurationFiles.Presence
  let environment: [String: String]

  /// The file that was named, which must be there, or the usual one, which need not.
  init(_ named: String?, _ environment: [String: String]) {
    path = named ?? ConfigurationFiles.usualPath
    presence = named == nil ? .optional : .required
    self.environment = environment
  }

  /// Reads and checks everything; throws every mistake at once.
  func read() throws(ConfigurationRefusal) -> RelaySettings {
    let files = try files()
    do throws(SettingsRefusal) {
      let settings = try RelaySettings(files: files.files, environment: environment, systemHostname: Host.name)
      let complaints = files.complaints(about: settings)
      guard complaints.isEmpty else { throw SettingsRefusal(complaints) }
      return settings
    } catch {
      throw ConfigurationRefusal(description: (files.files.isEmpty ? "there is no \(path)\n" : "") + error.description)
    }
  }

  private func files() throws(ConfigurationRefusal) -> ConfigurationFiles {
    do throws(SystemFailure) {
      return try ConfigurationFiles(reading: path, presence)
    } catch {
      let remedy = error.isDenial ? "; the user of the service must be able to read it" : ""
      throw ConfigurationRefusal(description: "configuration: \(error)\(remedy)")
    }
  }
}

/// Why a configuration cannot be used, one line for each mistake.
struct ConfigurationRefusal: Error, CustomStringConvertible {
  let description: String
}
