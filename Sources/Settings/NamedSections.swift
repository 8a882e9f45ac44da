// SPDX-License-Identifier: Apache-2.0
/// How often a section may stand there, and whether it has a name of its own.
package enum SectionForm: Hashable, Sendable {
  /// Once, without a name.
  case single
  /// Once without a name, and any number of times with one.
  case repeatable
  /// Any number of times, always with a name.
  case named

  var mayStandAlone: Bool { self != .named }
  var mayBeNamed: Bool { self != .single }
}

extension SettingsGrammar.SectionName {
  /// A setting's key as it is called in this section: `Upstream.Host` as `Upstream "backup".Host`.
  func marked(_ key: String) -> String {
    guard let instance, key.hasPrefix(name) else { return key }
    return "\(name) \"\(instance)\"\(key.dropFirst(name.count))"
  }
}

extension RelaySettings {
  /// The names of the sections of this kind that have one, in the order of the files.
  func instances(of section: String) -> [SettingsGrammar.SectionName] {
    let names = section == "Upstream" ? namedUpstreams.map(\.name) : section == "Route" ? routes.map(\.name) : []
    return names.map { SettingsGrammar.SectionName(name: section, instance: $0) }
  }

  /// These settings as they look from inside a named section: it stands where the only one of its kind would, as it was read or untouched.
  func form(of section: SettingsGrammar.SectionName) -> RelaySettings {
    var form = self
    let name = section.instance ?? ""
    form.upstream = namedUpstreams.first { $0.name == name } ?? UpstreamSettings()
    form.upstream.name = name
    form.route = routes.first { $0.name == name } ?? RouteSettings()
    form.route.name = name
    return form
  }
}
