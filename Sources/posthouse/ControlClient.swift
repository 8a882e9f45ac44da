// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem
internal import Octets
internal import Timekeeping
internal import Varlink

/// A connection to the daemon's control socket; every wait on it ends.
///
/// What answers there is not trusted to be the daemon: its messages have a longest length, and nonsense is called by its name.
struct ControlClient: ~Copyable {
  private let socket: Socket
  private let path: String
  private let patience: Duration
  private var incoming = ByteQueue()
  private var framing = MessageFraming()

  private init(_ socket: consuming Socket, path: String, patience: Duration) {
    self.socket = socket
    self.path = path
    self.patience = patience
  }

  /// Connects; every answer may then take as long as `patience`.
  static func connected(to path: String, patience: Duration) throws(CommandFailure) -> ControlClient {
    guard (1...SocketAddress.longestPath).contains(path.utf8.count) else {
      throw CommandFailure(.usage, "\"\(path.shown)\" cannot be a socket: its path has at most \(SocketAddress.longestPath) bytes")
    }
    do throws(SystemFailure) {
      return ControlClient(try Socket.connecting(to: .unix(path)), path: path, patience: patience)
    } catch {
      throw explain(error, path)
    }
  }

  /// Makes a call that has one answer.
  mutating func call(_ call: VarlinkCall) throws(CommandFailure) -> JSONObject {
    try send(call)
    return try answer(to: call).parameters
  }

  /// Begins a call that has many answers; ``nextAnswer(to:)`` takes them.
  mutating func send(_ call: VarlinkCall) throws(CommandFailure) {
    var outgoing = ByteQueue()
    MessageFraming.append(call.message, to: &outgoing)
    let deadline = SystemClock().moment + patience
    while !outgoing.isEmpty {
      switch socket.traffic.write(from: &outgoing) {
      case .bytes: break
      case .notNow: try wait(for: .writing, until: deadline)
      case .ended, .failed: throw CommandFailure(.absent, "\(subject) closed the connection; see journalctl -u posthoused")
      }
    }
  }

  /// The next answer, and whether more follow.
  mutating func answer(to call: VarlinkCall) throws(CommandFailure) -> (parameters: JSONObject, continues: Bool) {
    let message = try nextMessage()
    let reply: VarlinkReply
    do throws(MalformedMessage) { reply = try VarlinkReply(message) } catch { throw nonsense(error.description) }
    switch reply {
    case .done(let parameters): return (parameters, false)
    case .continued(let parameters): return (parameters, true)
    case .refused(let error): throw explain(error, call)
    }
  }

  /// The failure that says that an answer has not the agreed form.
  func nonsense(_ what: String) -> CommandFailure {
    CommandFailure(
      .absent,
      "\(subject) does not answer like posthoused (\(what.shown)); name the right socket with --socket, or update both programs")
  }

  private mutating func nextMessage() throws(CommandFailure) -> JSONObject {
    let deadline = SystemClock().moment + patience
    while true {
      do throws(FramingError) {
        if let message = try framing.next(in: &incoming) { return message }
      } catch {
        throw nonsense(error.description)
      }
      switch socket.traffic.read(into: &incoming, room: 65_536) {
      case .bytes: break
      case .notNow: try wait(for: .reading, until: deadline)
      case .ended, .failed:
        throw CommandFailure(
          .absent,
          "\(subject) closed the connection without an answer; see journalctl -u posthoused")
      }
    }
  }

  private func wait(for readiness: Socket.Readiness, until deadline: Moment) throws(CommandFailure) {
    guard socket.wait(for: readiness, upTo: deadline - SystemClock().moment) || SystemClock().moment < deadline else {
      let seconds = patience.components.seconds
      throw CommandFailure(.absent, "\(subject) did not answer within \(seconds) s; it may hang: see systemctl status posthoused")
    }
  }

  private var subject: String { "what listens on \"\(path.shown)\"" }

  private static func explain(_ failure: SystemFailure, _ path: String) -> CommandFailure {
    let remedy = "start it with systemctl start posthoused, or name another socket with --socket"
    switch failure.number {
    case ENOENT, ENOTDIR: return CommandFailure(.absent, "posthoused is not there: no socket \"\(path.shown)\"; \(remedy)")
    case ECONNREFUSED: return CommandFailure(.absent, "posthoused is not there: nobody listens on \"\(path.shown)\"; \(remedy)")
    case EACCES, EPERM:
      let group = "join the group that owns the socket (Control.Group), or run this as root"
      return CommandFailure(.denied, "access to \"\(path.shown)\" is refused; \(group)")
    case EAGAIN:
      return CommandFailure(
        .absent,
        "posthoused does not take connections on \"\(path.shown)\"; it may hang: see systemctl status posthoused")
    default: return CommandFailure(.absent, "posthoused cannot be reached: \(failure); \(remedy)")
    }
  }

  private func subjectID(_ error: VarlinkError, _ call: VarlinkCall) -> String {
    ((try? error.parameters.string("id")) ?? (try? call.parameters.string("id")) ?? "").shown
  }

  /// Why an order does not fit the state of a message, and what does.
  private func misfit(_ error: VarlinkError, _ call: VarlinkCall) -> String {
    let id = subjectID(error, call)
    let state = ((try? error.parameters.string("state")) ?? "").shown
    switch (call.method, state) {
    case (RelayInterface.hold, QueuedMessage.State.held.rawValue): return "message \(id) is held already"
    case (RelayInterface.retry, QueuedMessage.State.held.rawValue), (RelayInterface.flush, QueuedMessage.State.held.rawValue):
      return "message \(id) is held; posthouse queue release \(id) lets it go"
    case (_, QueuedMessage.State.failed.rawValue):
      return "message \(id) has failed and is not tried by itself; posthouse queue retry \(id) tries it again"
    default: return "message \(id) is not held but \(state); posthouse queue retry \(id) makes it due now"
    }
  }

  private func explain(_ error: VarlinkError, _ call: VarlinkCall) -> CommandFailure {
    switch error.name {
    case RelayInterface.noSuchMessage("").name:
      let id = (try? error.parameters.string("id")) ?? (try? call.parameters.string("id")) ?? ""
      return CommandFailure(.problem, "no message \"\(id.shown)\" is in the spool; posthouse queue lists those that are")
    case RelayInterface.messageIsActive("").name:
      return CommandFailure(.problem, "message \(subjectID(error, call)) is being transmitted; try again in a moment")
    case RelayInterface.wrongState("", .held).name:
      return CommandFailure(.problem, misfit(error, call))
    case RelayInterface.invalidRecipient("", "").name:
      let recipient = (try? error.parameters.string("recipient")) ?? ""
      let reason = (try? error.parameters.string("reason")) ?? "it is not understood"
      let remedy = reason.holds("; ") ? "" : "; write one such as you@example.com"
      return CommandFailure(.usage, "\"\(recipient.shown)\" is no mail address: \(reason.shown)\(remedy)")
    case RelayInterface.spoolRefused("").name:
      let reason = (try? error.parameters.string("reason")) ?? "the reason is not known"
      return CommandFailure(.problem, "the spool cannot do it now: \(reason.shown); see posthouse status")
    case VarlinkError.permissionDenied.name:
      return CommandFailure(.denied, "posthoused refuses this to you; run it as root")
    case VarlinkError.interfaceNotFound("").name, VarlinkError.methodNotFound("").name, VarlinkError.methodNotImplemented("").name:
      return CommandFailure(.problem, "\(subject) does not know \(call.method); update it to \(Release.version)")
    case VarlinkError.invalidParameter("").name:
      let parameter = (try? error.parameters.string("parameter")) ?? ""
      return CommandFailure(.usage, "posthoused does not understand the \(parameter.shown) that was given")
    default: return CommandFailure(.problem, "posthoused refuses: \(error.description.shown)")
    }
  }
}
