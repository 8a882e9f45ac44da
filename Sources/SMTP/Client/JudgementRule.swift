// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// One row of the table of replies: what must be seen, and what it then means.
///
/// All that is given must match; text is compared without regard to ASCII case and may stand anywhere in the reply.
package struct JudgementRule: Hashable, Sendable {
  /// The reply codes it is about.
  package var codes: ClosedRange<UInt16>
  /// The enhanced status codes it is about.
  package var status: StatusPattern
  /// Words that must be in the reply, in lower case; empty for any.
  package var text: String
  /// Where in the conversation.
  package var stages: UpstreamStages
  /// What it means.
  package var meaning: Judgement
  /// Whose habit it is, for people.
  package var source: String

  /// A row for a range of codes; `text` is compared in lower case.
  package init(
    _ codes: ClosedRange<UInt16>, _ status: StatusPattern = .any, text: String = "", at stages: UpstreamStages = .all,
    means meaning: Judgement, from source: String
  ) {
    precondition(
      JudgementRule.refusals.contains(codes.lowerBound) && JudgementRule.refusals.contains(codes.upperBound), "a rule is about refusals")
    self.codes = codes
    self.status = status
    self.text = text.lowercased()
    self.stages = stages
    self.meaning = meaning
    self.source = source
  }

  /// A row for one code.
  init(
    _ code: UInt16, _ status: StatusPattern = .any, text: String = "", at stages: UpstreamStages = .all, means meaning: Judgement,
    from source: String
  ) {
    self.init(code...code, status, text: text, at: stages, means: meaning, from: source)
  }

  /// The codes that rules can be about.
  package static let refusals: ClosedRange<UInt16> = 400...599

  /// Which enhanced status codes fit.
  package enum StatusPattern: Hashable, Sendable {
    /// Every one, and none.
    case any
    /// None at all: the habit of providers without enhanced status codes.
    case absent
    /// This one.
    case exactly(EnhancedStatus)
    /// Every one with this class and subject.
    case subject(UInt8, UInt16)

    fileprivate func matches(_ status: EnhancedStatus?) -> Bool {
      switch self {
      case .any: true
      case .absent: status == nil
      case .exactly(let wanted): status == wanted
      case .subject(let kind, let subject): status?.severity == kind && status?.subject == subject
      }
    }
  }

  func matches(_ reply: UpstreamReply, text lowercased: String, at stage: UpstreamStage) -> Bool {
    codes.contains(reply.code) && stages.contains(stage) && status.matches(reply.status)
      && (text.isEmpty || lowercased.holds(text))
  }

  /// The meaning, with the number of seconds from the text where the peer named one.
  func judgement(for text: String) -> Judgement {
    guard case .throttle(.rate) = meaning, let seconds = text.secondsNamed else { return meaning }
    return .throttle(.rate(.seconds(seconds)))
  }
}

extension String {
  /// The N of "in N seconds", when it is between 1 and 3,600.
  fileprivate var secondsNamed: Int? {
    let words = split(separator: " ")
    for (index, word) in words.enumerated().dropFirst() where word.hasPrefix("second") {
      if let seconds = Int(words[index - 1]), (1...3600).contains(seconds) { return seconds }
    }
    return nil
  }
}
