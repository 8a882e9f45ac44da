// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// A rule about replies as a person writes it on one line of the configuration:
///
///     550 5.4.5 "daily sending limit" at end-of-data means quota 24h
///     5xx "not verified" means hold sender-not-allowed
///
/// In this order: the reply code (`550`, `550-554`, `4xx`, `5xx`), perhaps an enhanced status (`5.4.5`, `5.4.*`, or `none` for a reply
/// without one), perhaps words that the reply has, in quotes, perhaps `at` and where in the conversation, and behind `means` what it
/// means:
///
/// - `retry`
/// - `throttle`, perhaps with `connections`, `logins` or a time to wait between messages
/// - `quota`, perhaps with the time until it is over
/// - `split`, perhaps with `recipients` or `domains`
/// - `recipient later` or `recipient never`
/// - `permanent`
/// - `hold`, perhaps with `upstream`, `message` or the name of a fault
struct JudgementRuleText {
  private var words: [Word]

  init(_ text: String) throws(JudgementRuleMistake) { words = try Word.all(in: text) }

  mutating func rule(from source: String) throws(JudgementRuleMistake) -> JudgementRule {
    let codes = try codes()
    let status = try status()
    var text = ""
    if case .quoted(let quoted) = words.first {
      text = quoted
      words.removeFirst()
      guard !text.isEmpty else { throw JudgementRuleMistake("has empty quotes; leave them out where any words will do") }
    }
    let stages = try stages()
    guard case .bare("means") = words.first else {
      throw JudgementRuleMistake(
        "has \(words.first.map(\.shown) ?? "nothing") where \"means\" must stand; write CODE STATUS \"words\" at STAGE means MEANING")
    }
    words.removeFirst()
    let meaning = try meaning()
    if let left = words.first { throw JudgementRuleMistake("goes on with \(left.shown) behind its meaning; take it away") }
    return JudgementRule(codes, status, text: text, at: try checked(stages, for: meaning), means: meaning, from: source)
  }

  private mutating func next(_ what: String) throws(JudgementRuleMistake) -> String {
    guard let word = words.first else { throw JudgementRuleMistake("ends where \(what) must stand") }
    guard case .bare(let text) = word else { throw JudgementRuleMistake("has \(word.shown) where \(what) must stand") }
    words.removeFirst()
    return text
  }

  private mutating func codes() throws(JudgementRuleMistake) -> ClosedRange<UInt16> {
    let word = try next("a reply code")
    if word == "4xx" { return 400...499 }
    if word == "5xx" { return 500...599 }
    let ends = word.split(separator: "-", omittingEmptySubsequences: false).map(JudgementRuleText.number)
    if ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last,
      JudgementRule.refusals.contains(first), JudgementRule.refusals.contains(last)
    {
      return first...last
    }
    throw JudgementRuleMistake("begins with \"\(word)\", which is no refusal; write a code from 400 to 599, 550-554, 4xx or 5xx")
  }

  private mutating func status() throws(JudgementRuleMistake) -> JudgementRule.StatusPattern {
    guard case .bare(let word) = words.first, word != "at", word != "means" else { return .any }
    words.removeFirst()
    if word == "none" { return .absent }
    let parts = word.split(separator: ".", omittingEmptySubsequences: false)
    let kind = parts.first.flatMap(JudgementRuleText.number)
    if parts.count == 3, let kind, kind == 4 || kind == 5, let subject = JudgementRuleText.number(parts[1]), subject <= 999 {
      if parts[2] == "*" { return .subject(UInt8(kind), subject) }
      if let detail = JudgementRuleText.number(parts[2]), detail <= 999 { return .exactly(EnhancedStatus(UInt8(kind), subject, detail)) }
    }
    throw JudgementRuleMistake("has \"\(word)\" where a status can stand; write 5.7.1, 5.7.* or none, and words of the reply in quotes")
  }

  private mutating func stages() throws(JudgementRuleMistake) -> UpstreamStages? {
    guard case .bare("at") = words.first else { return nil }
    words.removeFirst()
    var stages = UpstreamStages([])
    for name in try next("a stage").split(separator: ",", omittingEmptySubsequences: false) {
      guard let named = UpstreamStages.named[String(name)] else {
        throw JudgementRuleMistake(
          "has \"\(name)\" for a stage; use one or more of \(UpstreamStages.names.joined(separator: ", ")), joined by commas without spaces"
        )
      }
      stages.formUnion(named)
    }
    return stages
  }

  private mutating func meaning() throws(JudgementRuleMistake) -> Judgement {
    let word = try next("a meaning")
    switch word {
    case "retry": return .retry
    case "throttle": return .throttle(try throttle())
    case "quota": return .quota(try argument("the time until it is over") == nil ? JudgementRuleText.day : time(60...2_678_400))
    case "split":
      return .split(try choice(["recipients": .byCount, "domains": .byDomain], ofMeaning: word) ?? .byCount)
    case "recipient":
      let persistence: Judgement.Persistence? = try choice(["later": .transient, "never": .permanent], ofMeaning: word)
      guard let persistence else { throw JudgementRuleMistake("has no \"later\" or \"never\" behind \"recipient\"; add one") }
      return .recipient(persistence)
    case "permanent": return .permanent
    case "hold":
      var faults = Dictionary(uniqueKeysWithValues: OperatorFault.allCases.map { ($0.word, $0) })
      faults["upstream"] = .upstreamHeldByRule
      faults["message"] = .messageHeldByRule
      return .operatorFault(try choice(faults, ofMeaning: word) ?? .upstreamHeldByRule)
    default:
      throw JudgementRuleMistake("means \"\(word)\"; use retry, throttle, quota, split, recipient, permanent or hold")
    }
  }

  private mutating func throttle() throws(JudgementRuleMistake) -> Judgement.Throttle {
    switch try argument("what to slow down") {
    case nil: return .rate(.seconds(5))
    case "connections": return consume(.connections)
    case "logins": return consume(.logins)
    default: return .rate(try time(1...3600))
    }
  }

  /// The word behind a meaning, still to be consumed; nil when the rule ends there.
  private func argument(_ what: String) throws(JudgementRuleMistake) -> String? {
    guard let word = words.first else { return nil }
    guard case .bare(let text) = word else { throw JudgementRuleMistake("has \(word.shown) where \(what) must stand") }
    return text
  }

  private mutating func consume<Value>(_ value: Value) -> Value {
    words.removeFirst()
    return value
  }

  private mutating func choice<Value>(_ values: [String: Value], ofMeaning meaning: String) throws(JudgementRuleMistake) -> Value? {
    guard let word = try argument("a word for \(meaning)") else { return nil }
    guard let value = values[word] else {
      throw JudgementRuleMistake("has \"\(word)\" behind \"\(meaning)\"; use one of \(values.keys.sorted().joined(separator: ", "))")
    }
    return consume(value)
  }

  private mutating func time(_ range: ClosedRange<Int>) throws(JudgementRuleMistake) -> Duration {
    let word = try next("a time")
    let digits = word.prefix { $0.isASCII && $0.isNumber }
    let unit = JudgementRuleText.units.first { $0.name == word.dropFirst(digits.count) }
    guard digits.utf8.count <= 7, let count = Int(digits), let unit, range.contains(count * unit.seconds) else {
      let (least, most) = (JudgementRuleText.written(.seconds(range.lowerBound)), JudgementRuleText.written(.seconds(range.upperBound)))
      throw JudgementRuleMistake("has \"\(word)\" for a time; write 30s, 5min, 24h or 2d, from \(least) to \(most)")
    }
    return .seconds(count * unit.seconds)
  }

  /// Where a rule counts: where it says, or wherever its meaning can have a sense. Before MAIL nothing may let a message fail.
  private func checked(_ stages: UpstreamStages?, for meaning: Judgement) throws(JudgementRuleMistake) -> UpstreamStages {
    let possible = UpstreamStages.possible(for: meaning)
    guard let stages else { return possible }
    guard possible.isSuperset(of: stages) else {
      let names = UpstreamStages.names(of: possible).joined(separator: ", ")
      throw JudgementRuleMistake("stands at a stage where its meaning has no sense; that meaning is possible at \(names)")
    }
    return stages
  }

  private static func number(_ text: some StringProtocol) -> UInt16? {
    text.utf8.allSatisfy(\.isASCIIDigit) && text.utf8.count <= 3 ? UInt16(text) : nil
  }

  /// A time as it is written in a rule.
  static func written(_ time: Duration) -> String {
    let seconds = Int(time.components.seconds)
    let unit = units.first { seconds >= $0.seconds && seconds.isMultiple(of: $0.seconds) } ?? units[units.count - 1]
    return "\(seconds / unit.seconds)\(unit.name)"
  }

  private static let units: [(name: String, seconds: Int)] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)]
  static let day: Duration = .seconds(86_400)
}

/// One word of a rule.
private enum Word {
  case bare(String)
  case quoted(String)

  /// As a complaint shows it.
  var shown: String {
    switch self {
    case .bare(let text): "\"\(text)\""
    case .quoted(let text): "the quoted \"\(text)\""
    }
  }

  static func all(in text: String) throws(JudgementRuleMistake) -> [Word] {
    guard text.unicodeScalars.allSatisfy(\.isPrintable) else {
      throw JudgementRuleMistake("has a character that does not show; take it out")
    }
    guard text.utf8.count <= 1024 else { throw JudgementRuleMistake("is longer than 1,024 bytes; shorten it") }
    var words: [Word] = []
    var rest = text[...].drop { $0 == " " }
    while let first = rest.first {
      if first == "\"" {
        words.append(.quoted(try quoted(&rest)))
        guard rest.isEmpty || rest.first == " " else {
          throw JudgementRuleMistake("goes on without a space behind a closing quote; add one")
        }
      } else {
        let word = rest.prefix { $0 != " " }
        words.append(.bare(String(word)))
        rest = rest.dropFirst(word.count)
      }
      rest = rest.drop { $0 == " " }
    }
    return words
  }

  private static func quoted(_ rest: inout Substring) throws(JudgementRuleMistake) -> String {
    var text = ""
    rest.removeFirst()
    while let character = rest.popFirst() {
      switch character {
      case "\"": return text
      case "\\":
        guard let escaped = rest.popFirst() else { break }
        text.append(escaped)
      default: text.append(character)
      }
    }
    throw JudgementRuleMistake("has a quote that is not closed; add the missing \"")
  }
}

/// What is wrong with a rule, and what to write instead; it follows the place and name of the setting.
package struct JudgementRuleMistake: Error, Hashable, Sendable {
  /// The sentence without its beginning: `has "6.1" where a status can stand; …`.
  package let text: String

  init(_ text: String) { self.text = text }
}

extension JudgementRuleMistake: CustomStringConvertible {
  package var description: String { text }
}
