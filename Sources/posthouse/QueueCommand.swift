// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Timekeeping
internal import Varlink

/// `posthouse queue` and `posthouse flush`: what waits, why, and trying it again.
struct QueueCommand {
  private let invocation: Invocation

  init(_ invocation: Invocation) { self.invocation = invocation }

  /// Lists all messages, however many there are: they are printed while they arrive.
  func list() throws(CommandFailure) -> ExitCode {
    if invocation.wantsJSON {
      var isFirst = true
      try forEachMessage(id: nil) { _, json in
        Output.show("\(isFirst ? "[" : ",")\n\(JSON.object(json).pretty)")
        isFirst = false
      }
      Output.show(isFirst ? "[]" : "]")
      return .success
    }
    var report = QueueReport(HumanText(now: SystemClock().wallTime.microseconds))
    try forEachMessage(id: nil) { message, _ in
      report.add(message)
      if report.isLong { Output.show(report.takeLines().joined(separator: "\n")) }
    }
    Output.show((report.takeLines() + [report.summary]).joined(separator: "\n"))
    return .success
  }

  /// Shows one message with all its recipients.
  func show(_ id: String) throws(CommandFailure) -> ExitCode {
    var isThere = false
    try forEachMessage(id: id) { message, json in
      isThere = true
      let report = QueueReport(HumanText(now: SystemClock().wallTime.microseconds))
      Output.show(invocation.wantsJSON ? JSON.object(json).pretty : report.details(of: message).joined(separator: "\n"))
    }
    guard isThere else {
      throw CommandFailure(.problem, "no message \"\(id.shown)\" is in the spool; posthouse queue lists those that are")
    }
    return .success
  }

  /// Makes one message, or all, due now, and tells how many.
  func flush(_ id: String?) throws(CommandFailure) -> ExitCode {
    let (scheduled, answer) = try schedule(id)
    if invocation.wantsJSON {
      Output.show(JSON.object(answer).pretty)
    } else if let id {
      Output.show(scheduled > 0 ? "message \(id.shown) is due now" : "message \(id.shown) is not waiting to be tried again")
    } else {
      Output.show(scheduled > 0 ? "\(HumanText.count(Int(scheduled), "message")) due now" : "nothing waits to be tried again")
    }
    return .success
  }

  /// Makes one message, or all, due now; answers how many those are.
  func schedule(_ id: String?) throws(CommandFailure) -> (count: Int64, answer: JSONObject) {
    var client = try CommandContext(invocation).client()
    let answer = try client.call(VarlinkCall(RelayInterface.flush, parameters(id)))
    do throws(VarlinkError) { return (try answer.integer("scheduled"), answer) } catch { throw client.nonsense(error.description) }
  }

  private func parameters(_ id: String?) -> JSONObject { id.map { JSONObject(["id": .string($0)]) } ?? JSONObject() }

  private func forEachMessage(id: String?, _ body: (QueuedMessage, JSONObject) -> Void) throws(CommandFailure) {
    var client = try CommandContext(invocation).client()
    let call = VarlinkCall(RelayInterface.list, parameters(id), answers: .many)
    try client.send(call)
    while true {
      let (answer, continues) = try client.answer(to: call)
      do throws(VarlinkError) {
        if let json = answer["message"]?.object { body(try QueuedMessage(json), json) }
      } catch {
        throw client.nonsense(error.description)
      }
      if !continues { return }
    }
  }
}
