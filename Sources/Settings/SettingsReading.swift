// SPDX-License-Identifier: Apache-2.0
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
  private var said: [String: [Statement]] = [:]
  private var refusedKeys: Set<String> = []

  /// Reads, merges and checks; later files and then the environment speak over earlier files.
  package init(files: [SettingsFile], environment: [String: String], systemHostname: String) {
    fileNames = files.map(\.name)
    for file in files { collect(SettingsGrammar(file)) }
    let variables = EnvironmentSettings(environment)
    settings.warnings = variables.warnings
    errors += variables.errors
    for (setting, value) in variables.values { replace(setting, with: value) }
    for setting in SettingsTable.settings { assign(setting) }
    said = [:]
    settings.upstream.replyRules = settings.reply.rules
    settings.hostname = settings.relay.hostname?.name ?? HostName(systemHostname)?.name ?? "localhost"
    var checks = SettingsChecks(settings, refusedKeys: refusedKeys, mainFile: fileNames.first)
    checks.run()
    errors += checks.errors
    settings.warnings += checks.warnings
    sortErrors()
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
      if let complaint = complaint(about: section.name, known) { errors.append(SettingsError(section.origin, complaint)) }
    }
    for assignment in grammar.assignments where assignment.section.instance == nil {
      guard let section = known[assignment.section.name] else { continue }
      guard let setting = section[assignment.key] else {
        errors.append(SettingsError(assignment.origin, unknownKey(assignment, Array(section.keys.sorted()))))
        continue
      }
      if assignment.value.isEmpty {
        said[setting.key] = nil
      } else {
        said[setting.key, default: []].append(Statement(value: assignment.value, origin: assignment.origin))
      }
    }
  }

  private func complaint(about name: SettingsGrammar.SectionName, _ known: [String: [String: Setting]]) -> String? {
    if let instance = name.instance {
      switch name.name {
      case "Upstream", "Route":
        return
          "\(name) names a further way out, and this version has one upstream; keep a single [Upstream] section and take "
          + "\"\(instance)\" away"
      case _ where known[name.name] != nil: return "[\(name.name)] takes no name; write [\(name.name)]"
      default: break
      }
    }
    if known[name.name] != nil { return nil }
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
    said[setting.key] = value.isEmpty ? nil : [Statement(value: value, origin: .environment(setting.variable))]
  }

  private mutating func assign(_ setting: Setting) {
    guard let statements = said[setting.key], let last = statements.last else { return }
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
        refusedKeys.insert(setting.key)
        return
      }
    }
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
