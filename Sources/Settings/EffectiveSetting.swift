// SPDX-License-Identifier: Apache-2.0
/// One setting as it holds now: what `posthouse config show` prints. It never holds a secret.
package struct EffectiveSetting: Sendable {
  /// The row of the table.
  package let setting: Setting
  /// The value as a file would have it, empty when there is none; a secret is its placeholder.
  package let value: String
  /// Where it came from.
  package let origin: SettingOrigin
}

/// A setting whose value changed from one configuration to the next. It never holds a secret.
package struct SettingsDifference: Sendable {
  /// The row of the table; ``Setting/effect`` says whether a reload is enough.
  package let setting: Setting
  /// The value before, as a file would have it; a secret is its placeholder.
  package let before: String
  /// The value now.
  package let after: String
}

extension RelaySettings {
  /// Every setting with its value and origin, in the order of the table.
  package var effective: [EffectiveSetting] {
    SettingsTable.settings.map { setting in
      EffectiveSetting(setting: setting, value: setting.field.text(in: self), origin: origins[setting.key] ?? .byDefault)
    }
  }

  /// The settings whose values differ from those of `older`, in the order of the table.
  package func differences(from older: RelaySettings) -> [SettingsDifference] {
    SettingsTable.settings.filter { !$0.field.isEqual(in: self, and: older) }.map { setting in
      SettingsDifference(setting: setting, before: setting.field.text(in: older), after: setting.field.text(in: self))
    }
  }
}
