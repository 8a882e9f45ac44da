// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Mail
import Octets
import SMTP
import Timekeeping
import Varlink

/// One client of the control socket: calls are answered in their order, each whole before the next.
///
/// A client that sends what is no Varlink is cut off; one that is silent may stay, since it costs nothing but its place.
@Loop struct ControlSession {
  let loop: EventLoop
  let desk: any ControlDesk
  let service: VarlinkService

  /// Talks until the client leaves or cannot be understood.
  func run(_ stream: any ByteStream) async {
    var wire = Wire(stream)
    var framing = MessageFraming()
    // Why the talk ended is the client's own doing in every case, and it knows.
    while let message = try? await nextMessage(&wire, &framing) {
      guard let call = try? VarlinkCall(message) else { break }
      do throws(WireFailure) {
        try await answer(call, on: &wire, for: stream.peerUser)
      } catch {
        break
      }
    }
    // What was answered before the client became impossible to understand is still its own.
    try? await wire.flush(until: loop.moment + ControlSession.patience)
    stream.close()
  }

  private func nextMessage(_ wire: inout Wire, _ framing: inout MessageFraming) async throws -> JSONObject {
    while true {
      if let message = try framing.next(in: &wire.input) { return message }
      // Silence may last; answers that nobody takes may not, or a few stuck clients would keep all others out.
      try await wire.flush(until: loop.moment + ControlSession.patience)
      try await wire.fill(until: .distantFuture)
    }
  }

  private func answer(_ call: VarlinkCall, on wire: inout Wire, for user: UInt32?) async throws(WireFailure) {
    if let reply = service.answer(to: call) { return try await send(reply, to: call, on: &wire) }
    let answer: Answer
    do throws(VarlinkError) {
      switch call.method {
      case RelayInterface.list: answer = .messages(try await messages(call))
      case RelayInterface.export: answer = try await text(call)
      default: answer = .one(try await result(of: call, for: user))
      }
    } catch {
      return try await send(.refused(error), to: call, on: &wire)
    }
    switch answer {
    case .one(let parameters): try await send(.done(parameters), to: call, on: &wire)
    case .messages(let ids): try await list(ids, call, on: &wire)
    case .text(let message, let text): try await export(message, text, call, on: &wire)
    }
  }

  /// What a call is answered with when it is not refused.
  private enum Answer {
    case one(JSONObject)
    case messages([MessageID])
    case text(QueuedMessage, MessageText)
  }

  private func result(of call: VarlinkCall, for user: UInt32?) async throws(VarlinkError) -> JSONObject {
    switch call.method {
    case RelayInterface.getStatus:
      try call.parameters.expectOnly()
      return JSONObject(["status": .object(desk.status().json)])
    case RelayInterface.flush:
      try call.parameters.expectOnly("id")
      let id = try call.parameters.optionalString("id")
      var message: MessageID?
      if let id { message = try named(id) }
      guard let count = desk.flush(message) else { throw await refusal(toFlush: message) }
      desk.note(command: "flush", on: id ?? "all", by: user ?? .max)
      return JSONObject(["scheduled": .count(count)])
    case RelayInterface.retry: return try await carryOut(.retry, call, for: user)
    case RelayInterface.hold: return try await carryOut(.hold, call, for: user)
    case RelayInterface.release: return try await carryOut(.release, call, for: user)
    case RelayInterface.remove: return try await carryOut(.remove, call, for: user)
    case RelayInterface.redirect: return try await redirect(call, for: user)
    default: throw .methodNotImplemented(call.method)
    }
  }

  /// Why a message cannot be tried now: it is not there, or does not wait for that.
  private func refusal(toFlush id: MessageID?) async -> VarlinkError {
    guard let id, let message = await desk.message(id) else { return RelayInterface.noSuchMessage(id.map { "\($0)" } ?? "") }
    return VarlinkError(.wrongState(message.state), id)
  }

  private func carryOut(_ order: MessageOrder, _ call: VarlinkCall, for user: UInt32?) async throws(VarlinkError) -> JSONObject {
    try call.parameters.expectOnly("id")
    let id = try named(try call.parameters.string("id"))
    do throws(OrderRefusal) {
      try await desk.carryOut(order, on: id, for: user ?? .max)
    } catch {
      throw VarlinkError(error, id)
    }
    desk.note(command: order.rawValue, on: "\(id)", by: user ?? .max)
    return JSONObject(["id": .string("\(id)")])
  }

  private func redirect(_ call: VarlinkCall, for user: UInt32?) async throws(VarlinkError) -> JSONObject {
    try call.parameters.expectOnly("id", "recipients")
    let id = try named(try call.parameters.string("id"))
    var recipients: [Mailbox] = []
    for text in try call.parameters.strings("recipients") {
      do throws(AddressFault) {
        let mailbox = try AddressGrammar.mailbox(text.utf8.span)
        if !recipients.contains(mailbox) { recipients.append(mailbox) }
      } catch {
        throw RelayInterface.invalidRecipient(text, "\(error)")
      }
    }
    guard !recipients.isEmpty, recipients.count <= ControlSession.mostRecipients else { throw .invalidParameter("recipients") }
    let successor: MessageID
    do throws(OrderRefusal) {
      successor = try await desk.redirect(id, to: recipients, for: user ?? .max)
    } catch {
      throw VarlinkError(error, id)
    }
    desk.note(command: "redirect", on: "\(id)", by: user ?? .max)
    return JSONObject(["id": .string("\(successor)")])
  }

  /// What an `Export` call is about.
  private func text(_ call: VarlinkCall) async throws(VarlinkError) -> Answer {
    guard call.answers == .many else { throw .expectedMore }
    try call.parameters.expectOnly("id")
    let id = try named(try call.parameters.string("id"))
    do throws(OrderRefusal) {
      let text = try await desk.text(of: id)
      guard let message = await desk.message(id) else { throw .noSuchMessage }
      return .text(message, text)
    } catch {
      throw VarlinkError(error, id)
    }
  }

  /// What a `List` call is about.
  private func messages(_ call: VarlinkCall) async throws(VarlinkError) -> [MessageID] {
    guard call.answers == .many else { throw .expectedMore }
    try call.parameters.expectOnly("id", "state")
    let state: QueuedMessage.State? = try call.parameters.optionalChoice("state")
    guard let text = try call.parameters.optionalString("id") else { return desk.messages(in: state) }
    let id = try named(text)
    guard let message = await desk.message(id) else { throw RelayInterface.noSuchMessage(text) }
    return state == nil || message.state == state ? [id] : []
  }

  private func list(_ ids: [MessageID], _ call: VarlinkCall, on wire: inout Wire) async throws(WireFailure) {
    // One is kept back, because only the last reply may say that it is the last.
    var waiting: JSONObject?
    for id in ids {
      guard let message = await desk.message(id) else { continue }
      if let waiting { try await send(.continued(waiting), to: call, on: &wire) }
      waiting = JSONObject(["message": .object(message.json)])
    }
    try await send(.done(waiting ?? JSONObject()), to: call, on: &wire)
  }

  private func export(
    _ message: QueuedMessage, _ text: MessageText, _ call: VarlinkCall, on wire: inout Wire
  ) async throws(WireFailure) {
    try await send(.continued(JSONObject(["message": .object(message.json)])), to: call, on: &wire)
    while true {
      switch await text.next() {
      case .failure(let refusal):
        return try await send(.refused(VarlinkError(refusal, MessageID(message.id) ?? MessageID(number: 0))), to: call, on: &wire)
      case .success(nil): return try await send(.done(JSONObject()), to: call, on: &wire)
      case .success(let bytes?):
        for start in stride(from: 0, to: bytes.count, by: ControlSession.portion) {
          let piece = Array(bytes[start..<min(bytes.count, start + ControlSession.portion)])
          try await send(.continued(JSONObject(["data": .string(Base64.encode(piece))])), to: call, on: &wire)
        }
      }
    }
  }

  private func named(_ text: String) throws(VarlinkError) -> MessageID {
    guard let id = MessageID(text) else { throw RelayInterface.noSuchMessage(text) }
    return id
  }

  private func send(_ reply: VarlinkReply, to call: VarlinkCall, on wire: inout Wire) async throws(WireFailure) {
    guard call.answers != .none else { return }
    MessageFraming.append(reply.message, to: &wire.output)
    if wire.output.count > 32_768 { try await wire.flush(until: loop.moment + ControlSession.patience) }
  }

  private static let patience = Duration.seconds(30)
  private static let mostRecipients = 1000
  /// How much of a text goes into one reply.
  private static let portion = 98_304
}

extension VarlinkError {
  /// How a refusal is told to the client.
  fileprivate init(_ refusal: OrderRefusal, _ id: MessageID) {
    switch refusal {
    case .noSuchMessage: self = RelayInterface.noSuchMessage("\(id)")
    case .isActive: self = RelayInterface.messageIsActive("\(id)")
    case .wrongState(let state): self = RelayInterface.wrongState("\(id)", state)
    case .spool(let words): self = RelayInterface.spoolRefused(words)
    }
  }
}
