// SPDX-License-Identifier: Apache-2.0
internal import Octets
internal import Timekeeping

/// The part of a report that programs read: one group of fields for the message, one for each recipient (RFC 3464 §2).
///
/// Each value is one line whoever made it: control characters cannot come in, and what is long is folded at spaces.
struct StatusFields {
  private(set) var text: String

  init(_ original: Envelope, _ recipients: [ReportedRecipient], by host: String, _ form: ReportForm) {
    text = ""
    func add(_ name: String, _ value: String) { text += StatusFields.folded("\(name): \(form.clean(value))") }
    add("Reporting-MTA", "dns; \(host)")
    if let id = original.envelopeID, !id.isEmpty { add("Original-Envelope-Id", id) }
    add("Arrival-Date", CivilTime(original.accepted).rfc5322)
    for reported in recipients {
      text += "\r\n"
      if let first = reported.recipient.original.flatMap({ StatusFields.original($0, form) }) { add("Original-Recipient", first) }
      add("Final-Recipient", form.typed(reported.recipient.mailbox))
      add("Action", reported.action.name)
      add("Status", reported.status)
      if let upstream = reported.upstream { add("Remote-MTA", "dns; \(upstream)") }
      add("Diagnostic-Code", "\(reported.reason.code == 0 ? "x-posthouse" : "smtp"); \(reported.words)")
      if let last = reported.lastAttempt { add("Last-Attempt-Date", CivilTime(last).rfc5322) }
      if case .delayed(let until) = reported.action { add("Will-Retry-Until", CivilTime(until).rfc5322) }
    }
  }

  /// The address as it was first given, `type;address`, when it is one.
  private static func original(_ text: String, _ form: ReportForm) -> String? {
    let parts = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.allSatisfy({ $0.isASCIILetter || $0.isASCIIDigit || $0 == 0x2d }) else {
      return nil
    }
    let address = String(parts[1])
    return "\(parts[0]); \(form.permits(address) ? address : UnicodeAddress.encode(address))"
  }

  /// The field in lines of about 76 bytes, broken at spaces only.
  private static func folded(_ field: String) -> String {
    var (result, width) = ("", 0)
    for (index, word) in field.split(separator: " ", omittingEmptySubsequences: true).enumerated() {
      let length = word.utf8.count
      if index > 1, width + 1 + length > 76 {
        result += "\r\n\t"
        width = 8
      } else if index > 0 {
        result += " "
        width += 1
      }
      result += word
      width += length
    }
    return result + "\r\n"
  }
}
