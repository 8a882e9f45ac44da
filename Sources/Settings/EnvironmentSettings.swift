// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// The settings that environment variables give: `POSTHOUSE_`, the section, and the name with its words apart, as in
///`POSTHOUSE_UPSTREAM_CA_FILE`.
/// A variable that begins like ours but is none is worth a warning, not a refusal: people put their own beside them. What Kubernetes
/// adds for a service of that name (`POSTHOUSE_SERVICE_HOST`, `POSTHOUSE_PORT_25_TCP_ADDR`) is passed over in silence.
struct EnvironmentSettings {
  /// The values, in the order of the table.
  private(set) var values: [(setting: Setting, value: String)] = []
  /// Values that cannot be taken as text.
  private(set) var errors: [SettingsError] = []
  /// Variables that look like settings and are none.
  private(set) var warnings: [String] = []

  /// Picks the settings out of an environment.
  init(_ environment: [String: String]) {
    let ours = environment.filter { $0.key.hasPrefix(Setting.variablePrefix) }
    guard !ours.isEmpty else { return }
    for setting in SettingsTable.unnamed {
      guard let raw = ours[setting.variable] else { continue }
      let isCluster = setting.name == "Port" && raw.hasPrefix("tcp://")
      if isCluster {
        let text =
          "\"\(raw.shown)\" comes from a Kubernetes service named like this setting; set enableServiceLinks: false, or rename the service"
        errors.append(SettingsError(.environment(setting.variable), text))
      } else {
        values.append((setting, EnvironmentSettings.withoutLineEnd(raw)))
      }
    }
    let known = Set(SettingsTable.unnamed.map(\.variable))
    for variable in ours.keys.sorted() where !known.contains(variable) && !EnvironmentSettings.isForeign(variable) {
      let remedy = Suggestion.nearest(to: variable, among: SettingsTable.unnamed.map(\.variable)).map { "did you mean \($0)?" }
      warnings.append(
        "environment \(variable): this is not a setting and has no effect; \(remedy ?? "posthouse.conf(5) lists those there are")")
    }
  }

  /// Variables of our programs that are no settings, and those that Kubernetes makes for services.
  private static func isForeign(_ variable: String) -> Bool {
    if ["POSTHOUSE_SOCKET", "POSTHOUSE_CONFIG", "POSTHOUSE_SUBMIT", "POSTHOUSE_PORT"].contains(variable) { return true }
    if variable.hasSuffix("_SERVICE_HOST") || variable.holds("_SERVICE_PORT") || variable.hasSuffix("_PORT") { return true }
    return variable.holds("_TCP") || variable.holds("_UDP")
  }

  /// Secrets that tools write into the environment often end with a newline that nobody meant.
  private static func withoutLineEnd(_ value: String) -> String {
    var rest = Substring(value).utf8
    while let last = rest.last, last == 0x0a || last == 0x0d { rest = rest.dropLast() }
    return String(Substring(rest))
  }
}
