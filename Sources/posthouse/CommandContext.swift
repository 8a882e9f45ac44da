// SPDX-License-Identifier: Apache-2.0
internal import Glibc
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
    // Whose daemon is meant cannot be known from a file that is not there.
    if let named = variable("POSTHOUSE_CONFIG"), ReadableFile.isMissing(named) {
      throw CommandFailure(SystemFailure(call: "open", subject: named, number: ENOENT), remedy: "correct POSTHOUSE_CONFIG")
    }
    return try connect(knownSettings().control.socket.path)
  }

  /// The settings as far as this user may know them. Whoever may use the daemon need not be allowed to read the configuration, which
  /// may hold a password; then the environment and the defaults speak. A configuration that the command line names must be there.
  func knownSettings() throws(CommandFailure) -> RelaySettings {
    if invocation.configuration != nil { return try configuration().reading.settings }
    let usual = SettingsReading(files: [], environment: environment, systemHostname: Host.name).settings
    return (try? configuration())?.reading.settings ?? usual
  }

  /// The value of a variable of our own; nil where it is not set or empty.
  func variable(_ name: String) -> String? {
    guard let value = environment[name], !value.isEmpty else { return nil }
    return value
  }

  private func connect(_ path: String) throws(CommandFailure) -> ControlClient {
    try ControlClient.connected(to: path, patience: invocation.patience)
  }
}
