// SPDX-License-Identifier: Apache-2.0
/// The place of one setting in the settings, whatever its type.
protocol SettingField: Sendable {
  /// What the manual calls the type.
  var kind: String { get }
  /// How what stands behind the `=` is taken apart.
  var form: SettingForm { get }
  /// Whether the value is hidden.
  var isSecret: Bool { get }
  /// The limits in words, `1 to 100000`; nil when there are none.
  var limitsText: String? { get }
  /// Reads a value into the settings.
  func assign(_ words: [String], to settings: inout RelaySettings) throws(ValueRefusal)
  /// The value in these settings as a file would have it; a secret is its placeholder.
  func text(in settings: RelaySettings) -> String
  /// Whether two settings have the same value here, secrets included.
  func isEqual(in first: RelaySettings, and second: RelaySettings) -> Bool
}

/// The place of a setting whose type is known.
struct TypedField<Value: SettingValue>: SettingField {
  let path: any WritableKeyPath<RelaySettings, Value> & Sendable
  let limits: Limits?

  struct Limits: Sendable {
    let low: Value
    let high: Value
  }

  var kind: String { Value.kind }
  var form: SettingForm { Value.form }
  var isSecret: Bool { Value.isSecret }
  var limitsText: String? { limits.map { "\($0.low.text) to \($0.high.text)" } }

  func assign(_ words: [String], to settings: inout RelaySettings) throws(ValueRefusal) {
    let value = try Value(written: words)
    if let limits, !value.lies(from: limits.low, to: limits.high) {
      throw ValueRefusal("is outside its limits", "write a \(kind) from \(limits.low.text) to \(limits.high.text)")
    }
    settings[keyPath: path] = value
  }

  func text(in settings: RelaySettings) -> String {
    let text = settings[keyPath: path].text
    guard form == .text, !isSecret, !text.isEmpty else { return text }
    return QuotedText.written(text, asWord: false)
  }

  func isEqual(in first: RelaySettings, and second: RelaySettings) -> Bool {
    first[keyPath: path] == second[keyPath: path]
  }
}
