// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Secrets
internal import Settings

/// Where a command finds the configuration and the control socket.
struct CommandContext {
  private let invocation: Invocation
  private let environment = Host.environment

  init(_ invocation: Invocation) { self.invocation = invocation }

  /// What was read of a configuration.
  struct Configuration {
    let path: String
    let files: ConfigurationFiles
    let reading: SettingsReading
  }

  /// The configuration with its mistakes. Named on the command line or in `POSTHOUSE_CONFIG`, it must be there.
  func configuration() throws(CommandFailure) -> Configuration {
    let named = invocation.configuration ?? variable("POSTHOUSE_CONFIG")
    let path = named ?? ConfigurationFiles.usualPath
    let files: ConfigurationFiles
    do throws(SystemFailure) {
      files = try ConfigurationFiles(reading: path, named == nil ? .optional : .required)
    } catch {
      throw CommandFailure(error, remedy: "name another file with --config")
    }
    let reading = SettingsReading(files: files.files, environment: environment, systemHostname: Host.name)
    return Configuration(path: path, files: files, reading: reading)
  }

  /// A connection to the daemon: on the socket of the command line, of `POSTHOUSE_SOCKET`, of the configuration, or the usual one.
  func client() throws(CommandFailure) -> ControlClient {
    if let path = invocation.socket ?? variable("POSTHOUSE_SOCKET") { return try connect(path) }
    if invocation.configuration != nil { return try connect(configuration().reading.settings.control.socket.path) }
    // Whoever may use the socket need not be allowed to read the configuration, which may hold a password.
    let settings = (try? configuration())?.reading.settings
    let usual = SettingsReading(files: [], environment: environment, systemHostname: "").settings
    return try connect((settings ?? usual).control.socket.path)
  }

  private func connect(_ path: String) throws(CommandFailure) -> ControlClient {
    try ControlClient.connected(to: path, patience: invocation.patience)
  }

  private func variable(_ name: String) -> String? {
    guard let value = environment[name], !value.isEmpty else { return nil }
    return value
  }
}
