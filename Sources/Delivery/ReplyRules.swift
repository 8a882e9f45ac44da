// SPDX-License-Identifier: Apache-2.0
import SMTP
import Settings

/// The operator's rules about replies, as delivery uses them.
extension JudgementRule {
  /// The rules that lines of the configuration are. Lines that are none were refused when the configuration was read.
  static func all(_ lines: [WrittenRule]) -> [JudgementRule] { lines.compactMap { try? JudgementRule(written: $0.text) } }
}
