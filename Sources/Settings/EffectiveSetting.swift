// SPDX-License-Identifier: Apache-2.0
/// One setting as it holds now: what `posthouse config show` prints. It never holds a secret.
package struct EffectiveSetting: Sendable {
  /// The row of the table.
  package let setting: Setting
  /// The name of the section it stands in, where that has one.
  package let instance: String?
  /// The value as a file would have it, empty when there is none; a secret is its placeholder.
  package let value: String
  /// Where it came from.
  package let origin: SettingOrigin
  /// The file that it names, if it is one that somebody else makes and we read; the paths of what we make ourselves are always set.
  package let file: FilePath?

  /// The line above it in a file: `[Upstream]`, `[Upstream "backup"]`.
  package var heading: String { "\(section)" }

  /// Section and name, as complaints show it: `Upstream.Port`, `Upstream "backup".Port`.
  package var key: String { section.marked(setting.key) }

  private var section: SettingsGrammar.SectionName { SettingsGrammar.SectionName(name: setting.section, instance: instance) }
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
  /// Every setting with its value and origin, in the order of the table; of named sections, what was said in them.
  package var effective: [EffectiveSetting] {
    SettingsTable.sections.flatMap { section in
      let alone = section.form.mayStandAlone ? section.settings.map { effective($0, in: self, nil) } : []
      return alone
        + instances(of: section.name).flatMap { name in
          let form = form(of: name)
          return section.settings.map { effective($0, in: form, name) }.filter { $0.origin != .byDefault }
        }
    }
  }

  private func effective(_ setting: Setting, in form: RelaySettings, _ section: SettingsGrammar.SectionName?) -> EffectiveSetting {
    EffectiveSetting(
      setting: setting, instance: section?.instance, value: setting.field.text(in: form),
      origin: origins[section?.marked(setting.key) ?? setting.key] ?? .byDefault,
      file: (setting.field as? TypedField<FilePath?>).flatMap { form[keyPath: $0.path] })
  }

  /// The settings whose values differ from those of `older`, in the order of the table.
  package func differences(from older: RelaySettings) -> [SettingsDifference] {
    SettingsTable.sections.flatMap { section in
      let alone = section.form.mayStandAlone ? differences(section, self, older) : []
      let names = instances(of: section.name)
      let gone = older.instances(of: section.name).filter { !names.contains($0) }
      return alone + (names + gone).flatMap { differences(section, form(of: $0), older.form(of: $0)) }
    }
  }

  private func differences(_ section: SettingsTable.Section, _ new: RelaySettings, _ older: RelaySettings) -> [SettingsDifference] {
    section.settings.filter { !$0.field.isEqual(in: new, and: older) }.map { setting in
      SettingsDifference(setting: setting, before: setting.field.text(in: older), after: setting.field.text(in: new))
    }
  }
}
