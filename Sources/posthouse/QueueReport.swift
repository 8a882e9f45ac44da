// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Varlink

/// Messages in words: a table with the reason below each that waits for one, and one message in full.
struct QueueReport {
  private let human: HumanText
  private var table = QueueReport.emptyTable
  private var counts: [QueuedMessage.State: Int] = [:]

  init(_ human: HumanText) { self.human = human }

  /// Whether so many rows wait that they should be printed now.
  var isLong: Bool { table.count >= 500 }

  /// Adds a message to the table.
  mutating func add(_ message: QueuedMessage) {
    counts[message.state, default: 0] += 1
    let age = String(human.ago(message.acceptedUSec).replacingJustNow)
    table.add(
      [
        message.id.shown, message.state.rawValue, age, HumanText.size(Int64(message.sizeBytes)), QueueReport.address(message.sender),
        QueueReport.summary(of: message.recipients), next(message),
      ], remark: message.lastReply?.shown)
  }

  /// The rows that wait, which are forgotten then.
  mutating func takeLines() -> [String] {
    guard table.count > 0 else { return [] }
    let lines = table.lines
    table = QueueReport.emptyTable
    return lines
  }

  /// How many there were, in all and in each state; `state` is the one that was asked for, if it was one.
  func summary(of state: QueuedMessage.State? = nil) -> String {
    let total = counts.values.reduce(0, +)
    guard total > 0 else { return state.map { "no message is \($0.rawValue)" } ?? "the queue is empty" }
    let parts = QueuedMessage.State.allCases.compactMap { state in counts[state].map { "\($0) \(state.rawValue)" } }
    return "\(HumanText.count(total, "message")): \(parts.joined(separator: ", "))"
  }

  /// Everything about one message.
  func details(of message: QueuedMessage) -> [String] {
    var facts = [
      ("Message", message.id.shown), ("State", message.state.rawValue), ("Accepted", human.past(message.acceptedUSec)),
      ("Size", HumanText.size(Int64(message.sizeBytes))), ("Sender", QueueReport.address(message.sender)), ("Handed in", origin(message)),
      ("Attempts", "\(message.attempts)"),
    ]
    if let next = message.nextAttemptUSec { facts.append(("Next try", human.future(next))) }
    if let time = message.holdUntilUSec { facts.append(("Not before", human.future(time))) }
    if !message.extensions.isEmpty { facts.append(("Needs", message.extensions.map(\.shown).joined(separator: ", "))) }
    if let id = message.envelopeID { facts.append(("ENVID", id.shown)) }
    if let report = message.report { facts.append(("Report", "with the \(report == .full ? "whole message" : "headers")")) }
    if let reply = message.lastReply { facts.append(("Last reply", reply.shown)) }
    var lines = facts.map { name, text in "\(name)\(String(repeating: " ", count: 11 - name.count)) \(text)" }
    var table = TextTable(["RECIPIENT", "STATE", "LAST REPLY"])
    for recipient in message.recipients {
      table.add(
        [recipient.address.shown, recipient.state.rawValue, recipient.reply?.shown ?? ""], remark: QueueReport.wishes(of: recipient))
    }
    lines.append("")
    return lines + table.lines
  }

  private static let emptyTable = TextTable(["ID", "STATE", "AGE", "SIZE", "SENDER", "RECIPIENTS", "NEXT TRY"], rightAligned: [3])

  private static func address(_ sender: String) -> String { sender.isEmpty ? "<>" : sender.shown }

  private static func summary(of recipients: [QueuedMessage.Recipient]) -> String {
    let open = recipients.filter { $0.state != .delivered }
    guard let first = open.first ?? recipients.first else { return "none" }
    return recipients.count == 1 ? first.address.shown : "\(first.address.shown) and \(recipients.count - 1) more"
  }

  private func next(_ message: QueuedMessage) -> String {
    switch message.state {
    case .queued, .deferred: message.nextAttemptUSec.map { human.until($0) } ?? "soon"
    case .active: "now"
    case .held: "held"
    case .failed: "never"
    }
  }

  /// What was asked about reports on a recipient; nil where nothing was.
  private static func wishes(of recipient: QueuedMessage.Recipient) -> String? {
    var wishes: [String] = []
    if let notify = recipient.notify {
      wishes.append(notify.isEmpty ? "never to be reported" : "to be reported: \(notify.map(\.rawValue).joined(separator: ", "))")
    }
    if let original = recipient.original { wishes.append("first written \(original.shown)") }
    return wishes.isEmpty ? nil : wishes.joined(separator: "; ")
  }

  private func origin(_ message: QueuedMessage) -> String {
    var parts = ["from \(message.peer.shown)"]
    if let greeting = message.greeting { parts.append("as \(greeting.shown)") }
    if let user = message.peerUID {
      let name = message.peerUser ?? UserNames().name(of: user)
      parts.append("by user \(name.map { "\($0.shown) (\(user))" } ?? "\(user)")")
    }
    if let unit = message.peerUnit { parts.append("in \(unit.shown)") }
    return parts.joined(separator: " ")
  }
}

extension String {
  /// An age in a column of ages: without its `ago`.
  fileprivate var replacingJustNow: Substring { hasSuffix(" ago") ? dropLast(" ago".count) : self[...] }
}
