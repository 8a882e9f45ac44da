// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem
internal import Octets
internal import SMTP
internal import Timekeeping

/// A connection to the daemon's door on which one command after the other is said and answered; every wait on it ends.
struct RelayDialogue: ~Copyable {
  private let socket: Socket
  private let address: SocketAddress
  private let isVerbose: Bool
  private var input = ByteQueue()
  private var output = ByteQueue()
  private var reader = ReplyReader()

  /// How long is waited for an answer; RFC 5321 §4.5.3.2 asks for five minutes, and for ten at the end of a message.
  enum Patience {
    static let reply = Duration.seconds(300)
    static let message = Duration.seconds(600)
    static let block = Duration.seconds(180)
    /// How long a crowd at a Unix socket may take to thin out.
    static let crowd = Duration.seconds(60)
    static let farewell = Duration.seconds(2)
  }

  private init(_ socket: consuming Socket, _ address: SocketAddress, isVerbose: Bool) {
    self.socket = socket
    self.address = address
    self.isVerbose = isVerbose
  }

  /// Connects to the first address that answers. Where systemd holds the socket, the connection waits for the daemon to start.
  static func connected(to place: SubmissionPlace, isVerbose: Bool = false) throws(SendmailFailure) -> RelayDialogue {
    var failures: [String] = []
    for address in place.addresses {
      do throws(SystemFailure) {
        return RelayDialogue(try connect(address), address, isVerbose: isVerbose)
      } catch {
        if error.isDenial, place.addresses.count == 1 {
          throw SendmailFailure(.noPermission, "\(error); ask the operator of the relay for access")
        }
        failures.append("\(error)")
      }
    }
    let text = "the relay is not there (\(failures.joined(separator: "; "))); systemctl start posthoused starts it"
    throw SendmailFailure(.temporaryFailure, text, isAbsence: true)
  }

  private static func connect(_ address: SocketAddress) throws(SystemFailure) -> Socket {
    let deadline = SystemClock().moment + Patience.crowd
    while true {
      do throws(SystemFailure) {
        let socket = try Socket.connecting(to: address)
        // A connection on this machine is there at once or not at all; one to elsewhere may take its time.
        _ = wait(for: .writing, on: socket, until: deadline)
        try socket.connectResult(address)
        socket.sendWithoutDelay()
        return socket
      } catch {
        guard error.number == EAGAIN, SystemClock().moment < deadline else { throw error }
        Socket.pause()
      }
    }
  }

  /// The next reply.
  mutating func reply(within patience: Duration = Patience.reply) throws(SendmailFailure) -> UpstreamReply {
    let deadline = SystemClock().moment + patience
    while true {
      do throws(ReplyFault) {
        if let reply = try reader.next(from: &input) {
          if isVerbose { for line in reply.lines { Output.complain("\(reply.code) \(line)") } }
          return reply
        }
      } catch {
        throw SendmailFailure(.protocolError, "what listens on \(address) does not speak SMTP (\(error))")
      }
      switch socket.traffic.read(into: &input, room: 4096) {
      case .bytes: break
      case .notNow:
        guard RelayDialogue.wait(for: .reading, on: socket, until: deadline) else {
          let seconds = patience.components.seconds
          throw SendmailFailure(.temporaryFailure, "the relay did not answer within \(seconds) s; see systemctl status posthoused")
        }
      case .ended, .failed: throw lost
      }
    }
  }

  /// Says one command, as `write` writes it, and answers the reply.
  mutating func say(_ write: (inout ByteQueue) -> Void) throws(SendmailFailure) -> UpstreamReply {
    write(&output)
    if isVerbose { Output.complain(">>> \(String(printable: output.bytes.extracting(droppingLast: 2), limit: 1024))") }
    try send()
    return try reply()
  }

  /// Greets the daemon, which may be about to start, and answers what it offers.
  mutating func greet(as name: ClientName) throws(SendmailFailure) -> UpstreamCapabilities {
    let greeting = try reply()
    guard greeting.code == 220 else { throw SendmailFailure(greeting, to: "the connection", at: .connection) }
    let answer = try say { UpstreamCommand.ehlo(name).append(to: &$0) }
    if answer.code == 250 { return UpstreamCapabilities(answer) }
    let older = try say { UpstreamCommand.helo(name).append(to: &$0) }
    guard older.code == 250 else { throw SendmailFailure(older, to: "the greeting", at: .connection) }
    return UpstreamCapabilities()
  }

  /// Sends the pieces of a message behind `DATA`, and its end; answers what became of it.
  mutating func send(message pieces: [ArraySlice<UInt8>]) throws(SendmailFailure) -> UpstreamReply {
    var encoder = BodyEncoder()
    for piece in pieces {
      var rest = piece
      while !rest.isEmpty {
        let portion = rest.prefix(RelayDialogue.portion)
        do throws(BodyFault) {
          try encoder.encode(portion.span, into: &output)
        } catch { preconditionFailure("the lines of a local message are clean") }
        if let reply = try push() { return reply }
        rest = rest[portion.endIndex...]
      }
    }
    do throws(BodyFault) { try encoder.finish(into: &output) } catch { preconditionFailure("the lines of a local message are clean") }
    if let reply = try push() { return reply }
    return try reply(within: Patience.message)
  }

  /// Sends a message that has no lines in one piece with its length told beforehand (BDAT); answers what became of it.
  mutating func send(chunk pieces: [ArraySlice<UInt8>]) throws(SendmailFailure) -> UpstreamReply {
    UpstreamCommand.chunk(ByteCount(bytes: pieces.reduce(0) { $0 + $1.count }), .last).append(to: &output)
    for piece in pieces {
      output.append(piece.span)
      if let reply = try push() { return reply }
    }
    return try reply(within: Patience.message)
  }

  /// Sends bytes as they are; a reply comes back only when the daemon has hung up meanwhile.
  mutating func pass(_ bytes: Span<UInt8>) throws(SendmailFailure) -> UpstreamReply? {
    output.append(bytes)
    return try push()
  }

  /// Waits until standard input has something or the daemon says something unasked; answers whether it is the former.
  func standardInputIsNext() -> Bool { StandardStreams.inputIsNext(before: socket) }

  /// Says goodbye; what is answered, and whether, no longer matters.
  consuming func end() {
    UpstreamCommand.quit.append(to: &output)
    guard (try? send()) != nil else { return }
    _ = try? reply(within: Patience.farewell)
  }

  /// Sends what is written. Where the daemon has hung up, its last words tell why.
  private mutating func push() throws(SendmailFailure) -> UpstreamReply? {
    do throws(SendmailFailure) {
      try send()
      return nil
    } catch {
      output.removeAll()
      guard let reply = try? reply(within: Patience.farewell) else { throw error }
      return reply
    }
  }

  private mutating func send() throws(SendmailFailure) {
    let deadline = SystemClock().moment + Patience.block
    while !output.isEmpty {
      switch socket.traffic.write(from: &output) {
      case .bytes: break
      case .notNow:
        guard RelayDialogue.wait(for: .writing, on: socket, until: deadline) else {
          throw SendmailFailure(.temporaryFailure, "the relay takes nothing any more; see systemctl status posthoused")
        }
      case .ended, .failed: throw lost
      }
    }
  }

  private var lost: SendmailFailure {
    SendmailFailure(.temporaryFailure, "the relay closed the connection; see journalctl -u posthoused")
  }

  /// Answers false when the time is over.
  private static func wait(for readiness: Socket.Readiness, on socket: borrowing Socket, until deadline: Moment) -> Bool {
    socket.wait(for: readiness, upTo: deadline - SystemClock().moment) || SystemClock().moment < deadline
  }

  private static let portion = 65_536
}

extension ClientName {
  /// The name of a machine that has none of its own.
  static var localhost: ClientName {
    guard let name = ClientName("localhost") else { preconditionFailure("localhost is the name of a host") }
    return name
  }
}
