// SPDX-License-Identifier: Apache-2.0
/// One configuration file taken apart into sections and assignments, with every mistake of form collected on the way.
///
/// The form is systemd's: `[Section]` or `[Section "name"]`, then `Key=value` lines. Lines that begin with `#` or `;` are comments, a
/// `#` that begins a word ends a value, quotes protect both, and a `\` at the end of a line continues it on the next (comment lines
/// between are skipped). Nothing is known here about which keys exist.
struct SettingsGrammar {
  /// The sections in the order of their heads, repeated ones as often as they stand there.
  private(set) var sections: [Section] = []
  /// The assignments in the order of the file.
  private(set) var assignments: [Assignment] = []
  /// What is wrong with the form.
  private(set) var errors: [SettingsError] = []

  private let file: String

  /// Reads one file.
  init(_ file: SettingsFile) {
    self.file = file.name
    var section: SectionName?
    var isInUnreadableSection = false
    for line in logicalLines(of: file.bytes) {
      let origin = SettingOrigin.line(line.number, of: file.name)
      if line.text.utf8.first == UInt8(ascii: "[") {
        section = sectionName(in: line.text, origin)
        isInUnreadableSection = section == nil
        if let section { sections.append(Section(name: section, origin: origin)) }
      } else if let section {
        assign(line.text, in: section, origin)
      } else if !isInUnreadableSection {
        let key = line.text.cutOnce(at: "=")?.before ?? line.text
        errors.append(
          SettingsError(origin, "\"\(key.trimmingSpaces.shown)\" stands before any section; begin with a line such as [Upstream]"))
      }
    }
  }

  /// The name of a section, with the name of its instance when it has one.
  struct SectionName: Hashable, CustomStringConvertible {
    let name: String
    let instance: String?

    var description: String { instance.map { "[\(name) \"\($0)\"]" } ?? "[\(name)]" }
  }

  /// The head of a section.
  struct Section {
    let name: SectionName
    let origin: SettingOrigin
  }

  /// One `Key=value`; the value has its quotes still, but no comment.
  struct Assignment {
    let section: SectionName
    let key: String
    let value: String
    let origin: SettingOrigin
  }

  private struct Line {
    let number: Int
    var text: String
  }

  private mutating func logicalLines(of bytes: [UInt8]) -> [Line] {
    var lines: [Line] = []
    var open: Line?
    let withoutMark = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes[...]
    for (index, raw) in withoutMark.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
      let ending = raw.last == 0x0d ? raw.dropLast() : raw
      let origin = SettingOrigin.line(index + 1, of: file)
      guard let text = String(validating: ending, as: UTF8.self)?.trimmingSpaces else {
        errors.append(SettingsError(origin, "this line is not UTF-8; save the file as UTF-8"))
        open = nil
        continue
      }
      guard !text.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7f }) else {
        errors.append(SettingsError(origin, "this line has a control character in it; take it out"))
        open = nil
        continue
      }
      if text.hasPrefix("#") || text.hasPrefix(";") { continue }
      if text.isEmpty {
        if let line = open { lines.append(line) }
        open = nil
        continue
      }
      let goesOn = text.hasSuffix("\\")
      let piece = goesOn ? String(text.dropLast()).trimmingSpaces : text
      let whole = open.map { Line(number: $0.number, text: "\($0.text) \(piece)") } ?? Line(number: index + 1, text: piece)
      if goesOn {
        open = whole
      } else {
        lines.append(whole)
        open = nil
      }
    }
    if let line = open {
      errors.append(SettingsError(.line(line.number, of: file), "the last line ends with \"\\\" and nothing follows; take the \"\\\" away"))
    }
    return lines
  }

  private mutating func sectionName(in text: String, _ origin: SettingOrigin) -> SectionName? {
    guard let (head, rest) = text.cutOnce(at: "]"), isEmptyOrComment(rest) else {
      errors.append(SettingsError(origin, "\"\(text.shown)\" is not a section; write [Name] or [Name \"instance\"]"))
      return nil
    }
    do throws(ValueRefusal) {
      let words = try QuotedText.words(of: head.dropFirst())
      if words.count == 1 { return SectionName(name: words[0], instance: nil) }
      if words.count == 2, !words[1].isEmpty { return SectionName(name: words[0], instance: words[1]) }
    } catch {
      errors.append(SettingsError(origin, "\"\(text.shown)\" \(error.what); write [Name] or [Name \"instance\"]"))
      return nil
    }
    errors.append(SettingsError(origin, "\"\(text.shown)\" is not a section; write [Name] or [Name \"instance\"]"))
    return nil
  }

  private func isEmptyOrComment(_ rest: String) -> Bool {
    let text = rest.trimmingSpaces
    return text.isEmpty || text.hasPrefix("#") || text.hasPrefix(";")
  }

  private mutating func assign(_ text: String, in section: SectionName, _ origin: SettingOrigin) {
    guard let (key, raw) = text.cutOnce(at: "=") else {
      errors.append(SettingsError(origin, "this line in \(section) has no \"=\"; write Key=value, or begin a comment with #"))
      return
    }
    let name = key.trimmingSpaces
    guard !name.isEmpty else {
      errors.append(SettingsError(origin, "nothing stands before \"=\" in \(section); write Key=value"))
      return
    }
    do throws(ValueRefusal) {
      let value = try QuotedText.withoutComment(raw)
      assignments.append(Assignment(section: section, key: name, value: value, origin: origin))
    } catch {
      errors.append(SettingsError(origin, "\(section.name).\(name.shown) \(error.what); \(error.remedy)"))
    }
  }
}

extension String {
  /// What stands before and behind the first `mark`; nil when there is none.
  func cutOnce(at mark: Character) -> (before: String, behind: String)? {
    guard let place = firstIndex(of: mark) else { return nil }
    return (String(self[..<place]), String(self[index(after: place)...]))
  }

  /// The beginning of this text, short enough for a complaint.
  var shown: String { count <= 60 ? self : "\(prefix(57))…" }
}
