// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets

/// An outcome as it is stored: verdict, length of the status, reply code, status, words.
enum OutcomeField {
  /// The longest text that is stored; more is cut. Of a message with many recipients every text is short.
  static func textLimit(recipients: Int) -> Int { recipients > 64 ? 96 : 512 }

  /// Adds an outcome.
  static func encode(_ outcome: Outcome, into bytes: inout [UInt8], textLimit: Int) {
    let status = Array(outcome.reason.status.utf8.prefix(31))
    bytes.append(outcome.verdict.rawValue)
    bytes.append(UInt8(status.count))
    bytes.put(outcome.reason.code)
    bytes.append(contentsOf: status)
    var text = Substring(outcome.reason.text)
    while text.utf8.count > textLimit { text.removeLast(max(1, (text.utf8.count - textLimit) / 4)) }
    bytes.append(contentsOf: text.utf8)
  }

  /// The verdict alone.
  static func verdict(_ bytes: Span<UInt8>) throws(RecordDefect) -> Outcome.Verdict {
    guard bytes.count >= 4, let verdict = Outcome.Verdict(rawValue: bytes[0]) else { throw .malformed("an outcome has no verdict") }
    return verdict
  }

  /// The whole outcome.
  static func decode(_ bytes: Span<UInt8>) throws(RecordDefect) -> Outcome {
    let verdict = try verdict(bytes)
    let textStart = 4 + Int(bytes[1])
    guard textStart <= bytes.count, let status = bytes.extracting(4..<textStart).utf8Text,
      let text = bytes.extracting(textStart..<bytes.count).utf8Text
    else { throw .malformed("the words of an outcome are not UTF-8") }
    return Outcome(verdict, Outcome.Reason(code: bytes.number(UInt16.self, at: 2), status: status, text: text))
  }
}
