// SPDX-License-Identifier: Apache-2.0
/// What became of one recipient in one attempt.
package struct Outcome: Hashable, Sendable {
  /// Whether it is over, and how.
  package var verdict: Verdict
  /// Who said so, and in which words.
  package var reason: Reason

  /// An outcome with its reason.
  package init(_ verdict: Verdict, _ reason: Reason) {
    self.verdict = verdict
    self.reason = reason
  }

  /// The three ways an attempt can end for a recipient.
  package enum Verdict: UInt8, Hashable, Sendable {
    /// The upstream has taken responsibility.
    case delivered = 1
    /// To be tried again later.
    case deferred = 2
    /// Never to be tried again by itself.
    case failed = 3
  }

  /// Why: the peer's reply, or our own sentence where there was none.
  package struct Reason: Hashable, Sendable {
    /// The reply code, 0 where there was no reply.
    package var code: UInt16
    /// The enhanced status code as written, `5.1.1`, or empty.
    package var status: String
    /// The words, made printable and cut to a bounded length.
    package var text: String

    /// A reason from its parts.
    package init(code: UInt16, status: String, text: String) {
      self.code = code
      self.status = status
      self.text = text
    }
  }
}
