// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Octets
import TLS
import TLSTransport
import Timekeeping

/// A client on the loop: says what the test tells it, and hears what comes.
@Loop final class Speaker {
  private let loop: EventLoop
  private var stream: any ByteStream
  private var input = ByteQueue()
  /// How long an answer is waited for.
  var patience = Duration.seconds(20)

  init(_ stream: any ByteStream, _ loop: EventLoop) {
    self.stream = stream
    self.loop = loop
  }

  struct Unexpected: Error, CustomStringConvertible {
    let description: String
  }

  /// Sends bytes as they are.
  func send(_ bytes: [UInt8]) async throws {
    let deadline = loop.moment + patience
    var output = ByteQueue()
    output.append(bytes)
    while !output.isEmpty || stream.holdsUnsentBytes {
      switch stream.write(from: &output) {
      case .bytes: continue
      case .notNow: try WireFailure.check(await stream.writable.wait(until: deadline))
      case .ended: throw WireFailure.ended
      case .failed(let failure): throw failure
      }
    }
  }

  /// Sends bytes, as many as the other side takes before it closes.
  func offer(_ bytes: [UInt8]) async {
    do { try await send(bytes) } catch { return }
  }

  func send(_ text: String) async throws { try await send(Array(text.utf8)) }

  /// The next reply, its lines joined by LF; empty when the connection is over.
  func reply() async throws -> String {
    let deadline = loop.moment + patience
    var lines: [String] = []
    while true {
      while input.firstIndex(of: 0x0a) == nil {
        if try await fill(until: deadline) { continue }
        guard lines.isEmpty, input.isEmpty else { throw WireFailure.ended }
        return ""
      }
      let length = (input.firstIndex(of: 0x0a) ?? 0) + 1
      let line = String(decoding: input.bytes.extracting(0..<length).array, as: UTF8.self)
      input.consume(length)
      guard line.utf8.suffix(2).elementsEqual([0x0d, 0x0a]) else { throw Unexpected(description: "a line without CRLF: \(line)") }
      lines.append(String(decoding: line.utf8.dropLast(2), as: UTF8.self))
      if line.dropFirst(3).first != "-" { return lines.joined(separator: "\n") }
    }
  }

  private func fill(until deadline: Moment) async throws -> Bool {
    while true {
      switch stream.read(into: &input, room: 16_384) {
      case .bytes: return true
      case .notNow: try WireFailure.check(await stream.readable.wait(until: deadline))
      case .ended: return false
      case .failed(let failure): throw failure
      }
    }
  }

  /// Says one command and hears the reply.
  @discardableResult func say(_ command: String) async throws -> String {
    try await send(command + "\r\n")
    return try await reply()
  }

  /// Says commands, each of which must be answered with its code.
  func say(_ commands: (String, Int)...) async throws {
    for (command, code) in commands {
      let reply = try await say(command)
      guard reply.hasPrefix("\(code)") else { throw Unexpected(description: "\(command.prefix(60)) was answered \(reply)") }
    }
  }

  /// Hands in a message and answers the reply to its end.
  func hand(in body: [UInt8], from sender: String = "a@b.example", to recipients: [String] = ["c@d.example"]) async throws -> String {
    try await say(("MAIL FROM:<\(sender)>", 250))
    for recipient in recipients { try await say(("RCPT TO:<\(recipient)>", 250)) }
    try await say(("DATA", 354))
    await offer(body + Array("\r\n.\r\n".utf8).dropFirst(body.suffix(2) == [0x0d, 0x0a] ? 2 : 0))
    return try await reply()
  }

  /// Whether the other side has closed in good order, having said nothing more.
  func hasEnded() async throws -> Bool { try await reply().isEmpty }

  /// Turns TLS on from here.
  func startTLS(_ context: TLSContext, as host: String = "mail.example.com") async throws {
    let stream = TLSStream(stream, TLSSession(client: context, to: host))
    self.stream = stream
    try await stream.handshake(until: loop.moment + patience)
  }

  /// Says that nothing more will come.
  func finish() { stream.finishWriting() }

  func close() { stream.close() }
}
