// SPDX-License-Identifier: Apache-2.0
internal import Timekeeping

/// The part of a report that people read: what happened, who said so in which words, and what can be done about it.
struct ReportWords {
  private(set) var text = ""

  init(_ recipients: [ReportedRecipient], accepted: WallTime, by host: String) {
    add("This is the mail relay at \(host). It reports about a message of yours that it took in on \(CivilTime(accepted).rfc5322).")
    let failed = recipients.filter { $0.action == .failed }
    if !failed.isEmpty {
      add("It could not be delivered to the following, and will not be tried again:")
      for recipient in failed { describe(recipient) }
    }
    let delayed = recipients.filter { if case .delayed = $0.action { true } else { false } }
    if !delayed.isEmpty {
      add("It has not been delivered to the following yet. You need not do anything: it is tried again by itself.")
      for recipient in delayed { describe(recipient) }
    }
    let relayed = recipients.filter { $0.action == .relayed }
    if !relayed.isEmpty {
      add("It was passed on for the following, to a mail server that does not report what becomes of it. No other report will come.")
      for recipient in relayed { describe(recipient) }
    }
    add("Below are the same facts for programs, and your message or the beginning of it.")
  }

  private mutating func describe(_ reported: ReportedRecipient) {
    add("<\(reported.recipient.mailbox)>", indent: 2)
    let speaker = reported.reason.code == 0 ? "this relay" : reported.upstream ?? "the next mail server"
    add("\(speaker) said: \(reported.words)", indent: 6)
    if reported.action == .failed, let advice = ReportWords.advice(on: reported.status) { add(advice, indent: 6) }
    if case .delayed(let until) = reported.action { add("It is tried until \(CivilTime(until).rfc5322).", indent: 6) }
  }

  /// Adds a paragraph of lines that no mail program has to break; a recipient's belong together.
  private mutating func add(_ paragraph: String, indent: Int = 0) {
    if indent <= 2, !text.isEmpty { text += "\r\n" }
    let margin = String(repeating: " ", count: indent)
    var line = ""
    for word in ReportForm.unicode.clean(paragraph).split(separator: " ") {
      if !line.isEmpty, indent + line.count + 1 + word.count > 72 {
        text += margin + line + "\r\n"
        line = ""
      }
      line += line.isEmpty ? String(word) : " \(word)"
    }
    text += margin + line + "\r\n"
  }

  /// What a person can do, by the status code (RFC 3463).
  private static func advice(on status: String) -> String? {
    let code = status.dropFirst(2)
    switch code {
    case "1.1": return "There is no such mailbox there. Check the address for a typing mistake."
    case "1.2", "1.10", "4.3": return "The domain behind the @ takes no mail. Check the address for a typing mistake."
    case "1.3": return "The address is not written as an address must be."
    case "1.7", "1.8": return "Your own address was not accepted as the sender's."
    case "2.1": return "The mailbox is closed to mail. Ask the recipient by another way."
    case "2.2": return "The mailbox is full. The recipient has to make room; then send the message again."
    case "2.3", "3.4": return "The message is too large. Send less of it, or put large files elsewhere and send their address."
    case "4.7": return "It could not be handed over in the time it is kept. Send it again if it still matters."
    case "5.3": return "It has too many recipients. Send it in several parts."
    case "6.7": return "An address has letters that the next mail server cannot carry."
    case _ where code.hasPrefix("6."): return "The form of the message was not accepted."
    case _ where code.hasPrefix("7."): return "The other side refuses it by its rules; its words above may say whom to ask."
    default: return nil
    }
  }
}
