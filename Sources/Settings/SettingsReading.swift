// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// What could be understood of a configuration, and what could not.
///
/// The daemon takes settings only from ``RelaySettings/init(files:environment:systemHostname:)``, which refuses as soon as one error is
/// here. This value is for those who want to look at a broken configuration all the same: `posthouse config check` shows all the errors,
/// and a command that needs only the path of a socket goes on.
package struct SettingsReading: Sendable {
  /// The settings as far as they were understood; the default stands where a value was refused.
  package private(set) var settings = RelaySettings()
  /// Every mistake, in the order of the files.
  package private(set) var errors: [SettingsError] = []

  private let fileNames: [String]
  /// What was said and is not read yet; empty again when all is read, because secrets stand in it as they were written.
  private var said: [Place: [Statement]] = [:]
  /// The named sections, each once, in the order in which they first stand there.
  private var instances: [SettingsGrammar.Section] = []
  private var refusedKeys: Set<String> = []

  /// Reads, merges and checks; later files and then the environment speak over earlier files.
  package init(files: [SettingsFile], environment: [String: String], systemHostname: String) {
    fileNames = files.map(\.name)
    for file in files { collect(SettingsGrammar(file)) }
    let variables = EnvironmentSettings(environment)
    settings.warnings = variables.warnings
    errors += variables.errors
    for (setting, value) in variables.values { replace(setting, with: value) }
    var whole = settings
    for section in SettingsTable.sections where section.form.mayStandAlone {
      for setting in section.settings { if !assign(setting, of: nil, to: &whole) { refusedKeys.insert(setting.key) } }
    }
    settings = whole
    settings.upstream.replyRules = settings.reply.rules
    settings.hostname = settings.relay.hostname?.name ?? HostName(systemHostname)?.name ?? "localhost"
    check { $0.run() }
    for instance in instances { take(instance) }
    said = [:]
    check { $0.runTogether() }
    sortErrors()
  }

  private mutating func check(_ run: (inout SettingsChecks) -> Void) {
    var checks = SettingsChecks(settings, refusedKeys: refusedKeys, mainFile: fileNames.first)
    run(&checks)
    errors += checks.errors
    settings.warnings += checks.warnings
  }

  /// Reads a named section as if it were the only one of its kind, and puts what it says beside the others.
  private mutating func take(_ instance: SettingsGrammar.Section) {
    guard let section = SettingsTable.sections.first(where: { $0.name == instance.name.name }) else { return }
    var form = settings.form(of: instance.name)
    form.origins = [section.name: instance.origin]
    var refused: Set<String> = []
    for setting in section.settings {
      if !assign(setting, of: instance.name.instance, to: &form) { refused.insert(setting.key) }
    }
    settings.origins.merge(form.origins.map { (instance.name.marked($0.key), $0.value) }) { first, _ in first }
    if section.name == "Upstream" {
      form.upstream.replyRules = settings.reply.rules
      settings.namedUpstreams.append(form.upstream)
      var checks = SettingsChecks(form, refusedKeys: refused, mainFile: nil)
      checks.runForUpstream()
      errors += checks.errors
      settings.warnings += checks.warnings
    } else {
      settings.routes.append(form.route)
    }
  }

  /// What a statement speaks about: a setting's key, in a named section or not.
  private struct Place: Hashable {
    let key: String
    let instance: String?
  }

  /// One value that somebody gave to a setting, quotes still on.
  private struct Statement {
    let value: String
    let origin: SettingOrigin
  }

  private mutating func collect(_ grammar: SettingsGrammar) {
    errors += grammar.errors
    var known: [String: [String: Setting]] = [:]
    for section in SettingsTable.sections {
      known[section.name] = Dictionary(uniqueKeysWithValues: section.settings.map { ($0.name, $0) })
    }
    for section in grammar.sections {
      if let complaint = complaint(about: section.name) {
        errors.append(SettingsError(section.origin, complaint))
      } else if section.name.instance != nil, !instances.contains(where: { $0.name == section.name }) {
        instances.append(section)
      }
    }
    for assignment in grammar.assignments where complaint(about: assignment.section) == nil {
      guard let section = known[assignment.section.name] else { continue }
      guard let setting = section[assignment.key] else {
        errors.append(SettingsError(assignment.origin, unknownKey(assignment, Array(section.keys.sorted()))))
        continue
      }
      let place = Place(key: setting.key, instance: assignment.section.instance)
      if assignment.value.isEmpty {
        said[place] = nil
      } else {
        said[place, default: []].append(Statement(value: assignment.value, origin: assignment.origin))
      }
    }
  }

  private func complaint(about name: SettingsGrammar.SectionName) -> String? {
    if let section = SettingsTable.sections.first(where: { $0.name == name.name }) {
      guard let instance = name.instance else {
        return section.form.mayStandAlone ? nil : "\(name) has no name; write [\(name.name) \"name\"]"
      }
      guard section.form.mayBeNamed else { return "[\(name.name)] takes no name; write [\(name.name)]" }
      guard instance.utf8.count <= 64, instance.utf8.allSatisfy({ $0.isASCIILetter || $0.isASCIIDigit || ".-_".utf8.contains($0) }) else {
        return "\(name) has a name that is no plain word; use up to 64 letters, digits, dots, hyphens and underscores"
      }
      return instance == UpstreamSettings.unnamed ? "\(name) is the name of the section without a name; write [\(name.name)]" : nil
    }
    let names = SettingsTable.sections.map(\.name)
    let remedy = Suggestion.nearest(to: name.name, among: names).map { "did you mean [\($0)]?" }
    return "\(name) is not a section; \(remedy ?? "the sections are \(names.map { "[\($0)]" }.joined(separator: " "))")"
  }

  private func unknownKey(_ assignment: SettingsGrammar.Assignment, _ names: [String]) -> String {
    let complaint = "\"\(assignment.key.shown)\" is not a setting of \(assignment.section)"
    let elsewhere = SettingsTable.settings.filter { $0.name.lowercased() == assignment.key.lowercased() }
    let hasTwin = elsewhere.contains { $0.section == assignment.section.name }
    if !hasTwin, let other = elsewhere.first { return "\(complaint); \(other.name)= belongs under [\(other.section)]" }
    if let nearest = Suggestion.nearest(to: assignment.key, among: names) { return "\(complaint); did you mean \(nearest)=?" }
    return "\(complaint); posthouse.conf(5) lists those there are"
  }

  /// What the environment says replaces everything said before; nothing said there returns to the default.
  private mutating func replace(_ setting: Setting, with value: String) {
    let place = Place(key: setting.key, instance: nil)
    said[place] = value.isEmpty ? nil : [Statement(value: value, origin: .environment(setting.variable))]
  }

  /// Reads what was said about a setting; false when that is refused.
  private mutating func assign(_ setting: Setting, of instance: String?, to settings: inout RelaySettings) -> Bool {
    guard let statements = said[Place(key: setting.key, instance: instance)], let last = statements.last else { return true }
    var words: [String] = []
    let form = setting.field.form
    for statement in form == .list || form == .lines ? statements : [last] {
      do throws(ValueRefusal) {
        let more = try taken(apart: statement, form)
        words += more
        try setting.field.assign(words, to: &settings)
        settings.origins[setting.key] = statement.origin
        if form == .lines { settings.ruleOrigins += more.map { _ in statement.origin } }
      } catch {
        errors.append(SettingsError(statement.origin, complaint(about: setting, statement, error)))
        return false
      }
    }
    return true
  }

  private func taken(apart statement: Statement, _ form: SettingForm) throws(ValueRefusal) -> [String] {
    switch form {
    case .lines:
      if case .environment = statement.origin {
        return statement.value.split(separator: "\n").map { String($0).trimmingSpaces }.filter { !$0.isEmpty }
      }
      return [statement.value]
    case .words, .list: return try QuotedText.words(of: statement.value)
    case .text:
      if case .environment = statement.origin { return [statement.value] }
      let text = try QuotedText.text(of: statement.value)
      guard !text.isEmpty else { throw ValueRefusal("is empty", "leave nothing at all behind the = to return to the default") }
      return [text]
    }
  }

  private func complaint(about setting: Setting, _ statement: Statement, _ refusal: ValueRefusal) -> String {
    let value = setting.isSecret ? Setting.hidden : "\"\((refusal.part ?? statement.value).shown)\""
    return "\(setting.key) \(value) \(refusal.what); \(setting.hint ?? refusal.remedy)"
  }

  private mutating func sortErrors() {
    let places = Dictionary(fileNames.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    func place(_ origin: SettingOrigin) -> (Int, Int) {
      switch origin {
      case .line(let number, let file): (places[file] ?? .max, number)
      case .file(let file): (places[file] ?? .max, .max)
      case .environment, .byDefault: (.max, .max)
      }
    }
    errors = errors.enumerated().sorted { (place($0.element.origin), $0.offset) < (place($1.element.origin), $1.offset) }.map(\.element)
  }
}

/// Compares places first, then the order in which the errors were found.
private func < (left: ((Int, Int), Int), right: ((Int, Int), Int)) -> Bool {
  left.0 != right.0 ? left.0 < right.0 : left.1 < right.1
}
