// SPDX-License-Identifier: Apache-2.0
/// Why somebody or something is refused: a reply in parts, since the words are policy and the wire form is the protocol's.
package struct Refusal: Hashable, Sendable {
  /// The reply code.
  package let code: UInt16
  /// The subject of the enhanced status, whose class is the code's first digit.
  package let subject: UInt16
  /// The detail of the enhanced status.
  package let detail: UInt16
  /// What the developer of the refused program can act on.
  package let text: String

  /// A refusal for reasons of policy, `550 5.7.1`.
  package init(_ text: String) { (code, subject, detail, self.text) = (550, 7, 1, text) }
}
