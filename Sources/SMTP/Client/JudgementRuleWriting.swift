// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// Rules between their value and the line that a person writes.
extension JudgementRule {
  /// The rule that a line of the configuration is; ``JudgementRuleText`` says how it is written.
  package init(written text: String, from source: String = "configuration") throws(JudgementRuleMistake) {
    var reading = try JudgementRuleText(text)
    self = try reading.rule(from: source)
  }
}

extension JudgementRule: CustomStringConvertible {
  /// The rule as it is written in the configuration, also for those that are built in.
  package var description: String {
    var parts: [String]
    switch (codes.lowerBound, codes.upperBound) {
    case (400, 499): parts = ["4xx"]
    case (500, 599): parts = ["5xx"]
    case (let first, let last): parts = [first == last ? "\(first)" : "\(first)-\(last)"]
    }
    switch status {
    case .any: break
    case .absent: parts.append("none")
    case .exactly(let status): parts.append(status.description)
    case .subject(let kind, let subject): parts.append("\(kind).\(subject).*")
    }
    if !text.isEmpty { parts.append("\"" + text.reduce(into: "") { $0 += $1 == "\"" || $1 == "\\" ? "\\\($1)" : String($1) } + "\"") }
    let possible = UpstreamStages.possible(for: meaning)
    if !stages.isSuperset(of: possible) { parts += ["at", UpstreamStages.names(of: stages.intersection(possible)).joined(separator: ",")] }
    return (parts + ["means", meaning.written]).joined(separator: " ")
  }
}

extension UpstreamStages {
  /// Where an upstream answers at all.
  static let answering = UpstreamStages(.greeting, .hello, .startTLS, .authentication, .mail, .recipient, .data, .endOfData, .idle)

  /// Where a judgement can have a sense.
  static func possible(for meaning: Judgement) -> UpstreamStages {
    switch meaning {
    case .permanent, .split: .transaction
    case .recipient: UpstreamStages(.recipient)
    case .proceed, .delivered, .retry, .throttle, .quota, .operatorFault: .answering
    }
  }

  /// The names in the order of a conversation.
  static let names = UpstreamStage.allCases.filter { answering.contains($0) }.map(\.word)

  /// What a name stands for.
  static let named = Dictionary(
    uniqueKeysWithValues: UpstreamStage.allCases.filter { answering.contains($0) }.map { ($0.word, UpstreamStages($0)) })

  /// The names of those that are among them.
  static func names(of stages: UpstreamStages) -> [String] {
    UpstreamStage.allCases.filter { answering.contains($0) && stages.contains($0) }.map(\.word)
  }
}

extension UpstreamStage {
  /// What it is called in a rule.
  var word: String {
    switch self {
    case .connect: "connect"
    case .tls: "tls"
    case .greeting: "greeting"
    case .hello: "hello"
    case .startTLS: "starttls"
    case .authentication: "auth"
    case .mail: "mail"
    case .recipient: "recipient"
    case .data: "data"
    case .endOfData: "end-of-data"
    case .idle: "idle"
    }
  }
}

extension OperatorFault {
  /// What it is called in a rule: lower-case words joined by hyphens.
  package var word: String {
    let letters = Array(rawValue.utf8)
    var word: [UInt8] = []
    for (index, letter) in letters.enumerated() {
      let isUpper = letter.asciiLowercased != letter
      let followsLower = index > 0 && letters[index - 1].asciiUppercased != letters[index - 1]
      let precedesLower = index + 1 < letters.count && letters[index + 1].asciiUppercased != letters[index + 1]
      if isUpper, index > 0, followsLower || precedesLower { word.append(UInt8(ascii: "-")) }
      word.append(letter.asciiLowercased)
    }
    return String(decoding: word, as: UTF8.self)
  }
}

extension Judgement {
  /// What it is called in a rule.
  var written: String {
    switch self {
    case .proceed: "proceed"
    case .delivered: "delivered"
    case .retry: "retry"
    case .throttle(.connections): "throttle connections"
    case .throttle(.logins): "throttle logins"
    case .throttle(.rate(let wait)): "throttle \(JudgementRuleText.written(wait))"
    case .quota(let window): "quota \(JudgementRuleText.written(window))"
    case .split(.byCount): "split recipients"
    case .split(.byDomain): "split domains"
    case .recipient(.transient): "recipient later"
    case .recipient(.permanent): "recipient never"
    case .permanent: "permanent"
    case .operatorFault(.upstreamHeldByRule): "hold upstream"
    case .operatorFault(.messageHeldByRule): "hold message"
    case .operatorFault(let fault): "hold \(fault.word)"
    }
  }
}
