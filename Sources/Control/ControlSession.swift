// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Mail
import Octets
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
      answer = call.method == RelayInterface.list ? .messages(try await messages(call)) : .one(try result(of: call, for: user))
    } catch {
      return try await send(.refused(error), to: call, on: &wire)
    }
    switch answer {
    case .one(let parameters): try await send(.done(parameters), to: call, on: &wire)
    case .messages(let ids): try await list(ids, call, on: &wire)
    }
  }

  /// What a call is answered with when it is not refused.
  private enum Answer {
    case one(JSONObject)
    case messages([MessageID])
  }

  private func result(of call: VarlinkCall, for user: UInt32?) throws(VarlinkError) -> JSONObject {
    switch call.method {
    case RelayInterface.getStatus:
      try call.parameters.expectOnly()
      return JSONObject(["status": .object(desk.status().json)])
    case RelayInterface.flush:
      try call.parameters.expectOnly("id")
      let id = try call.parameters.optionalString("id")
      var message: MessageID?
      if let id { message = try named(id) }
      guard let count = desk.flush(message) else { throw RelayInterface.noSuchMessage(id ?? "") }
      desk.note(command: "flush", on: id ?? "all", by: user ?? .max)
      return JSONObject(["scheduled": .count(count)])
    default: throw .methodNotImplemented(call.method)
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
}
