// SPDX-License-Identifier: Apache-2.0
/// What the value of a setting can be: how it is read, how it is written, and what the manual calls it.
///
/// A conformer refuses whatever it would not write back; `text` of what was read is the canonical form that `config show` prints.
protocol SettingValue: Equatable, Sendable {
  /// What the manual calls this type.
  static var kind: String { get }
  /// How what stands behind the `=` is taken apart.
  static var form: SettingForm { get }
  /// Whether nobody may see it.
  static var isSecret: Bool { get }
  /// Reads a value: one text, or the words of a list.
  init(written words: [String]) throws(ValueRefusal)
  /// The value in its canonical form, a list's or command's words quoted where they must be; empty when there is none.
  var text: String { get }
  /// Whether it lies within limits; always, for a type without order.
  func lies(from low: Self, to high: Self) -> Bool
}

extension SettingValue {
  static var form: SettingForm { .text }
  static var isSecret: Bool { false }
  func lies(from low: Self, to high: Self) -> Bool { true }
}

extension SettingValue where Self: Comparable {
  func lies(from low: Self, to high: Self) -> Bool { low <= self && self <= high }
}

/// How what stands behind the `=` becomes a value.
enum SettingForm {
  /// As one text; a later assignment replaces an earlier one.
  case text
  /// As words; a later assignment replaces an earlier one.
  case words
  /// As words; a later assignment adds to an earlier one, and an empty one clears the list.
  case list
  /// Each assignment as one text, quotes and all; a later one adds to an earlier one, and an empty one clears the list.
  case lines
}

/// A value that is one line of several.
protocol LineSettingValue: SingleSettingValue {}

extension LineSettingValue {
  static var form: SettingForm { .lines }
}

/// A value that is one text.
protocol SingleSettingValue: SettingValue {
  /// Reads the text.
  init(written text: String) throws(ValueRefusal)
}

extension SingleSettingValue {
  init(written words: [String]) throws(ValueRefusal) {
    precondition(words.count == 1, "a single value is read from one text")
    try self.init(written: words[0])
  }
}

/// Why a value was refused, without the place and the name of the setting.
struct ValueRefusal: Error, Equatable {
  /// What is wrong, to stand behind the value: `is not a port (1–65535)`.
  let what: String
  /// What to write instead.
  let remedy: String
  /// The part of the value that is wrong, where it is not all of it.
  var part: String?

  init(_ what: String, _ remedy: String, part: String? = nil) {
    self.what = what
    self.remedy = remedy
    self.part = part
  }
}

extension Optional: SettingValue where Wrapped: SettingValue {
  static var kind: String { Wrapped.kind }
  static var form: SettingForm { Wrapped.form }
  static var isSecret: Bool { Wrapped.isSecret }
  init(written words: [String]) throws(ValueRefusal) { self = try Wrapped(written: words) }
  var text: String { self?.text ?? "" }
  func lies(from low: Wrapped?, to high: Wrapped?) -> Bool {
    guard let self, let low, let high else { return true }
    return self.lies(from: low, to: high)
  }
}

extension Array: SettingValue where Element: SingleSettingValue & Hashable {
  static var kind: String { "list of \(Element.kind)\(Element.kind.hasSuffix("s") ? "es" : "s")" }
  static var form: SettingForm { Element.form == .lines ? .lines : .list }
  init(written words: [String]) throws(ValueRefusal) {
    var list: [Element] = []
    for word in words {
      let element: Element
      do throws(ValueRefusal) { element = try Element(written: word) } catch {
        throw ValueRefusal(error.what, error.remedy, part: error.part ?? word)
      }
      if list.contains(element) { throw ValueRefusal("stands there twice", "name it once", part: word) }
      list.append(element)
    }
    self = list
  }
  var text: String {
    if Element.form == .lines { return map(\.text).joined(separator: "\n") }
    return map { QuotedText.written($0.text, asWord: true) }.joined(separator: " ")
  }
}
