// SPDX-License-Identifier: Apache-2.0
/// One row of the table: everything the house knows about one setting.
package struct Setting: Sendable {
  /// The section it stands in, without brackets.
  package let section: String
  /// Its name in front of the `=`.
  package let name: String
  /// What it does, in sentences for the manual.
  package let summary: String
  /// Whether a reload is enough to change it.
  package let effect: Effect
  /// What to write instead of a refused value; nil leaves that to the type.
  let hint: String?
  /// What holds when it is not set, for settings that have no value then.
  package let unset: String?
  /// How it is read, printed and compared.
  let field: any SettingField

  /// A row whose value has no limits but its type's.
  init<Value: SettingValue>(
    _ key: String, _ path: any WritableKeyPath<RelaySettings, Value> & Sendable, _ effect: Effect, hint: String? = nil,
    unset: String? = nil,
    _ summary: String
  ) {
    self.init(key, TypedField(path: path, limits: nil), effect, hint, unset, summary)
  }

  /// A row whose value lies within limits.
  init<Value: SettingValue & Comparable>(
    _ key: String, _ path: any WritableKeyPath<RelaySettings, Value> & Sendable, _ limits: ClosedRange<Value>, _ effect: Effect,
    _ summary: String
  ) {
    let field = TypedField(path: path, limits: .init(low: limits.lowerBound, high: limits.upperBound))
    self.init(key, field, effect, nil, nil, summary)
  }

  /// A row whose value may be missing, and otherwise lies within limits.
  init<Value: SettingValue & Comparable>(
    _ key: String, _ path: any WritableKeyPath<RelaySettings, Value?> & Sendable, _ limits: ClosedRange<Value>, _ effect: Effect,
    unset: String, _ summary: String
  ) {
    let field = TypedField(path: path, limits: .init(low: limits.lowerBound, high: limits.upperBound))
    self.init(key, field, effect, nil, unset, summary)
  }

  private init(_ key: String, _ field: any SettingField, _ effect: Effect, _ hint: String?, _ unset: String?, _ summary: String) {
    let (section, name) = key.cutOnce(at: ".") ?? ("", key)
    self.section = section
    self.name = name
    self.field = field
    self.effect = effect
    self.hint = hint
    self.unset = unset
    self.summary = summary
  }

  /// Section and name, as complaints show it: `Upstream.Port`.
  package var key: String { "\(section).\(name)" }

  /// The environment variable that speaks over the files: `POSTHOUSE_UPSTREAM_CA_FILE`.
  package var variable: String { "\(Setting.variablePrefix)\(section.snakeCased)_\(name.snakeCased)" }

  /// What the manual calls its type.
  package var kind: String { field.kind }

  /// Whether its value is hidden wherever settings are shown.
  package var isSecret: Bool { field.isSecret }

  /// The value that holds when nobody sets it, as a file would have it; empty when there is none.
  package var defaultText: String { field.text(in: .untouched) }

  /// What stands in the place of a secret wherever people look.
  package static let hidden = "(hidden)"

  /// What every variable of ours begins with.
  static let variablePrefix = "POSTHOUSE_"

  /// What it takes for a changed value to hold.
  package enum Effect: Hashable, Sendable {
    /// A reload.
    case onReload
    /// A restart.
    case onRestart
  }
}

extension String {
  /// `MaxMessageSize` as `MAX_MESSAGE_SIZE`, `CAFile` as `CA_FILE`.
  fileprivate var snakeCased: String {
    let letters = Array(self)
    var result = ""
    for (index, letter) in letters.enumerated() {
      let startsWord = letter.isUppercase && index > 0
      let followsSmall = startsWord && letters[index - 1].isLowercase
      let precedesSmall = startsWord && index + 1 < letters.count && letters[index + 1].isLowercase
      if followsSmall || precedesSmall { result += "_" }
      result += letter.uppercased()
    }
    return result
  }
}
