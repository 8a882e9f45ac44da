// SPDX-License-Identifier: Apache-2.0
internal import Control
internal import LinuxSystem
internal import Timekeeping
internal import Varlink

/// `posthouse queue` and `posthouse flush`: what waits, why, and what an operator does about it.
struct QueueCommand {
  private let invocation: Invocation

  init(_ invocation: Invocation) { self.invocation = invocation }

  /// What can be done with the queue.
  enum Action: Equatable {
    case list(QueuedMessage.State?)
    case show(String)
    case order(MessageOrder, String)
    case redirect(String, [String])
    case export(String)
  }

  /// The words behind `posthouse queue`.
  static let names = ["list", "show", "flush", "retry", "hold", "release", "remove", "redirect", "export"]

  func run(_ action: Action) throws(CommandFailure) -> ExitCode {
    switch action {
    case .list(let state): try list(state)
    case .show(let id): try show(id)
    case .order(let order, let id): try carryOut(order, id)
    case .redirect(let id, let recipients): try redirect(id, recipients)
    case .export(let id): try MessageExport(invocation).run(id)
    }
  }

  /// Lists all messages, or those in a state, however many there are: they are printed while they arrive.
  func list(_ state: QueuedMessage.State? = nil) throws(CommandFailure) -> ExitCode {
    if invocation.wantsJSON {
      var isFirst = true
      try forEachMessage(state: state) { _, json in
        Output.show("\(isFirst ? "[" : ",")\n\(JSON.object(json).pretty)")
        isFirst = false
      }
      Output.show(isFirst ? "[]" : "]")
      return .success
    }
    var report = QueueReport(HumanText(now: SystemClock().wallTime.microseconds))
    try forEachMessage(state: state) { message, _ in
      report.add(message)
      if report.isLong { Output.show(report.takeLines().joined(separator: "\n")) }
    }
    Output.show((report.takeLines() + [report.summary(of: state)]).joined(separator: "\n"))
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

  private func carryOut(_ order: MessageOrder, _ id: String) throws(CommandFailure) -> ExitCode {
    let method =
      switch order {
      case .retry: RelayInterface.retry
      case .hold: RelayInterface.hold
      case .release: RelayInterface.release
      case .remove: RelayInterface.remove
      }
    let answer = try call(VarlinkCall(method, parameters(id)))
    let words =
      switch order {
      case .retry: "is due now"
      case .hold: "is held; posthouse queue release \(answer.id.shown) lets it go"
      case .release: "is released, and due now"
      case .remove: "is removed"
      }
    Output.show(invocation.wantsJSON ? JSON.object(answer.json).pretty : "message \(answer.id.shown) \(words)")
    return .success
  }

  private func redirect(_ id: String, _ recipients: [String]) throws(CommandFailure) -> ExitCode {
    var parameters = parameters(id)
    parameters["recipients"] = .array(recipients.map { .string($0) })
    let answer = try call(VarlinkCall(RelayInterface.redirect, parameters))
    let people = recipients.count == 1 ? recipients[0].shown : HumanText.count(recipients.count, "recipient")
    let words = "message \(id.shown) goes to \(people) as message \(answer.id.shown)"
    Output.show(invocation.wantsJSON ? JSON.object(answer.json).pretty : words)
    return .success
  }

  /// Makes a call that answers the name of a message.
  private func call(_ call: VarlinkCall) throws(CommandFailure) -> (id: String, json: JSONObject) {
    var client = try CommandContext(invocation).client()
    let answer = try client.call(call)
    do throws(VarlinkError) { return (try answer.string("id"), answer) } catch { throw client.nonsense(error.description) }
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

  private func forEachMessage(
    id: String? = nil, state: QueuedMessage.State? = nil, _ body: (QueuedMessage, JSONObject) -> Void
  ) throws(CommandFailure) {
    var client = try CommandContext(invocation).client()
    var parameters = parameters(id)
    if let state { parameters["state"] = .string(state.rawValue) }
    let call = VarlinkCall(RelayInterface.list, parameters, answers: .many)
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
