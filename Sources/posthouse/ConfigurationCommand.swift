// SPDX-License-Identifier: Apache-2.0
internal import Secrets
internal import Settings
internal import Varlink

/// `posthouse config …`: looks at the configuration without the daemon. It never prints a secret.
struct ConfigurationCommand {
  private let invocation: Invocation

  init(_ invocation: Invocation) { self.invocation = invocation }

  /// What can be seen.
  enum View: String, CaseIterable, Equatable {
    case check, show, sample, manual
  }

  func run(_ view: View) throws(CommandFailure) -> ExitCode {
    switch view {
    case .check: return try check()
    case .show: return try show()
    case .sample: return page("sample", SampleFile.text)
    case .manual: return page("manual", ManualPage.text)
    }
  }

  private func page(_ name: String, _ text: String) -> ExitCode {
    if invocation.wantsJSON {
      Output.show(JSON.object(JSONObject([name: .string(text)])).pretty)
    } else {
      Output.show(bytes: Array(text.utf8))
    }
    return .success
  }

  private func check() throws(CommandFailure) -> ExitCode {
    let configuration = try CommandContext(invocation).configuration()
    let settings = configuration.reading.settings
    let errors = configuration.reading.errors + configuration.files.complaints(about: settings)
    let warnings = settings.warnings + configuration.files.absences(in: settings)
    if invocation.wantsJSON {
      let complaints = errors.map { JSON.object(JSONObject(["origin": .string("\($0.origin)"), "text": .string($0.text)])) }
      let json = JSONObject([
        "valid": .boolean(errors.isEmpty), "errors": .array(complaints), "warnings": .array(warnings.map { .string($0) }),
      ])
      Output.show(JSON.object(json).pretty)
    } else {
      for error in errors { Output.show("ERROR    \(error.description.shown)") }
      for warning in warnings { Output.show("WARNING  \(warning.shown)") }
      let files = HumanText.count(configuration.files.files.count, "file")
      Output.show(errors.isEmpty ? "\(configuration.path.shown): good (\(files) read)" : HumanText.count(errors.count, "mistake"))
    }
    return errors.isEmpty ? .success : .problem
  }

  private func show() throws(CommandFailure) -> ExitCode {
    let reading = try CommandContext(invocation).configuration().reading
    if invocation.wantsJSON {
      let settings = reading.settings.effective.map { effective in
        JSON.object(
          JSONObject([
            "name": .string(effective.key), "value": .string(effective.value), "origin": .string("\(effective.origin)"),
            "default": .string(effective.setting.defaultText),
          ]))
      }
      Output.show(JSON.array(settings).pretty)
    } else {
      Output.show(lines(reading.settings.effective).joined(separator: "\n"))
    }
    for error in reading.errors { Output.complain("posthouse: \(error.description.shown)") }
    return reading.errors.isEmpty ? .success : .problem
  }

  /// The settings as a file would have them, each with its origin as a comment; those that are not set are comments themselves.
  private func lines(_ settings: [EffectiveSetting]) -> [String] {
    var lines: [String] = []
    var section = ""
    // A setting of which each line stands for itself has several.
    let texts = settings.flatMap { effective in
      let isUnset = effective.value.isEmpty && effective.origin == .byDefault
      let values = effective.value.split(separator: "\n", omittingEmptySubsequences: false)
      return values.map { (effective, "\(isUnset ? "#" : "")\(effective.setting.name)=\(String($0).shown)") }
    }
    let width = min(texts.map(\.1.count).max() ?? 0, 60)
    for (effective, text) in texts {
      if effective.heading != section {
        section = effective.heading
        lines += lines.isEmpty ? [section] : ["", section]
      }
      let unset = effective.value.isEmpty ? effective.setting.unset.map { "not set: \($0)" } : nil
      lines.append("\(text)\(String(repeating: " ", count: max(width - text.count, 0)))  # \(unset ?? "\(effective.origin)")")
    }
    return lines
  }
}
