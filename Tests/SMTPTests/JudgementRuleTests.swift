// SPDX-License-Identifier: Apache-2.0
import Octets
import SMTP
import Testing

/// Rules about replies as people write them, rightly and wrongly.
struct JudgementRuleTests {
  static let right: [(String, JudgementRule)] = [
    (
      "550 5.4.5 \"Daily sending LIMIT\" at end-of-data means quota 24h",
      JudgementRule(
        550...550, .exactly(EnhancedStatus(5, 4, 5)), text: "daily sending limit", at: UpstreamStages(.endOfData),
        means: .quota(.seconds(86_400)), from: "configuration")
    ),
    ("4xx means retry", JudgementRule(400...499, at: answering, means: .retry, from: "configuration")),
    ("  550-554   means   permanent ", JudgementRule(550...554, at: .transaction, means: .permanent, from: "configuration")),
    (
      "5xx none \"a \\\"b\\\" \\\\c\" at mail,data means split domains",
      JudgementRule(
        500...599, .absent, text: "a \"b\" \\c", at: UpstreamStages(.mail, .data), means: .split(.byDomain), from: "configuration")
    ),
    (
      "554 5.7.* at greeting means throttle 90s",
      JudgementRule(554...554, .subject(5, 7), at: UpstreamStages(.greeting), means: .throttle(.rate(.seconds(90))), from: "configuration")
    ),
    ("421 means throttle", JudgementRule(421...421, at: answering, means: .throttle(.rate(.seconds(5))), from: "configuration")),
    ("421 means throttle connections", JudgementRule(421...421, at: answering, means: .throttle(.connections), from: "configuration")),
    ("421 means throttle logins", JudgementRule(421...421, at: answering, means: .throttle(.logins), from: "configuration")),
    ("552 means quota", JudgementRule(552...552, at: answering, means: .quota(.seconds(86_400)), from: "configuration")),
    (
      "550 means recipient never",
      JudgementRule(550...550, at: UpstreamStages(.recipient), means: .recipient(.permanent), from: "configuration")
    ),
    ("535 means hold", JudgementRule(535...535, at: answering, means: .operatorFault(.upstreamHeldByRule), from: "configuration")),
    ("535 means hold message", JudgementRule(535...535, at: answering, means: .operatorFault(.messageHeldByRule), from: "configuration")),
    (
      "535 means hold start-tls-not-offered",
      JudgementRule(535...535, at: answering, means: .operatorFault(.startTLSNotOffered), from: "configuration")
    ),
  ]
  static let answering = UpstreamStages(.greeting, .hello, .startTLS, .authentication, .mail, .recipient, .data, .endOfData, .idle)

  @Test(arguments: right) func `a rule is read as it is meant, and written so that it reads the same`(text: String, rule: JudgementRule)
    throws
  {
    #expect(try JudgementRule(written: text) == rule)
    #expect(try JudgementRule(written: rule.description) == rule)
  }

  static let wrong: [(String, String)] = [
    ("", "ends where a reply code must stand"),
    ("250 means retry", "begins with \"250\", which is no refusal; write a code from 400 to 599, 550-554, 4xx or 5xx"),
    ("600 means retry", "begins with \"600\", which is no refusal; write a code from 400 to 599, 550-554, 4xx or 5xx"),
    ("554-550 means retry", "begins with \"554-550\", which is no refusal; write a code from 400 to 599, 550-554, 4xx or 5xx"),
    ("5 means retry", "begins with \"5\", which is no refusal; write a code from 400 to 599, 550-554, 4xx or 5xx"),
    ("\"550\" means retry", "has the quoted \"550\" where a reply code must stand"),
    ("550", "has nothing where \"means\" must stand; write CODE STATUS \"words\" at STAGE means MEANING"),
    (
      "550 5.1 means retry",
      "has \"5.1\" where a status can stand; write 5.7.1, 5.7.* or none, and words of the reply in quotes"
    ),
    (
      "550 2.1.0 means retry",
      "has \"2.1.0\" where a status can stand; write 5.7.1, 5.7.* or none, and words of the reply in quotes"
    ),
    (
      "550 quota means retry",
      "has \"quota\" where a status can stand; write 5.7.1, 5.7.* or none, and words of the reply in quotes"
    ),
    ("550 \"\" means retry", "has empty quotes; leave them out where any words will do"),
    ("550 \"a means retry", "has a quote that is not closed; add the missing \""),
    ("550 \"a\"b means retry", "goes on without a space behind a closing quote; add one"),
    ("550 at means retry", "has \"means\" for a stage; use one or more of \(stages), joined by commas without spaces"),
    ("550 at mail, data means retry", "has \"\" for a stage; use one or more of \(stages), joined by commas without spaces"),
    ("550 at connect means retry", "has \"connect\" for a stage; use one or more of \(stages), joined by commas without spaces"),
    ("550 means", "ends where a meaning must stand"),
    ("550 means bounce", "means \"bounce\"; use retry, throttle, quota, split, recipient, permanent or hold"),
    ("550 means retry now", "goes on with \"now\" behind its meaning; take it away"),
    ("550 means quota 24", "has \"24\" for a time; write 30s, 5min, 24h or 2d, from 1min to 31d"),
    ("550 means quota 99d", "has \"99d\" for a time; write 30s, 5min, 24h or 2d, from 1min to 31d"),
    ("550 means throttle soon", "has \"soon\" for a time; write 30s, 5min, 24h or 2d, from 1s to 1h"),
    ("550 means throttle 0s", "has \"0s\" for a time; write 30s, 5min, 24h or 2d, from 1s to 1h"),
    ("550 means throttle 99999999999999999999s", "has \"99999999999999999999s\" for a time; write 30s, 5min, 24h or 2d, from 1s to 1h"),
    ("550 means split halves", "has \"halves\" behind \"split\"; use one of domains, recipients"),
    ("550 means recipient", "has no \"later\" or \"never\" behind \"recipient\"; add one"),
    (
      "550 at auth means permanent",
      "stands at a stage where its meaning has no sense; that meaning is possible at mail, recipient, data, end-of-data"
    ),
    ("550 at data means recipient later", "stands at a stage where its meaning has no sense; that meaning is possible at recipient"),
    ("550 \"\u{7}\" means retry", "has a character that does not show; take it out"),
  ]
  static let stages = "greeting, hello, starttls, auth, mail, recipient, data, end-of-data, idle"

  @Test(arguments: wrong) func `a mistake is named, with what to write instead`(text: String, sentence: String) {
    #expect(throws: JudgementRuleMistake.self) { try JudgementRule(written: text) }
    do throws(JudgementRuleMistake) {
      _ = try JudgementRule(written: text)
    } catch {
      #expect(error.text == sentence)
    }
  }

  @Test func `every rule that is built in can be written and read again`() throws {
    for rule in JudgementRule.known {
      let again = try JudgementRule(written: rule.description, from: rule.source)
      #expect(again.codes == rule.codes && again.status == rule.status && again.text == rule.text && again.meaning == rule.meaning)
      #expect(again.stages == rule.stages || rule.stages == .all)
    }
  }

  @Test func `every fault can be named, each by a name of its own`() throws {
    let words = OperatorFault.allCases.map(\.word)
    #expect(Set(words).count == words.count && words.contains("credentials-refused") && words.contains("tls-too-old"))
    for fault in OperatorFault.allCases {
      #expect(try JudgementRule(written: "535 means hold \(fault.word)").meaning == .operatorFault(fault))
    }
  }

  @Test(arguments: 0..<300) func `random words are refused or read, and nothing else`(seed: Int) {
    var random = ClientGenerator(UInt64(seed))
    let pieces = [
      "550", "4xx", "550-", "-", "5.7.*", "5.7.1", "none", "\"a\"", "\"", "\\", "at", "mail", "mail,data", ",", "means", "quota", "24h",
      "hold", "ä",
      "recipient", "later", "throttle", "1s",
    ]
    let text = (0..<Int.random(in: 0...9, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined(separator: " ")
    if let rule = try? JudgementRule(written: text) { #expect((try? JudgementRule(written: rule.description)) == rule) }
  }
}
