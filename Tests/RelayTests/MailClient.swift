// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Octets
import Timekeeping

/// An app that hands mail in.
struct MailClient: ~Copyable {
  private var wire: Wire
  private let loop: EventLoop

  private init(_ loop: EventLoop, _ stream: any ByteStream) {
    self.loop = loop
    wire = Wire(stream)
  }

  /// Connects and hears the greeting.
  @Loop static func connect(_ loop: EventLoop, _ network: any Network, _ address: SocketAddress) async throws -> MailClient {
    var client = MailClient(loop, try await network.connect(to: address, from: nil, until: loop.moment + .seconds(10)))
    try await client.expect("220")
    try await client.ask("EHLO app.example", "250")
    return client
  }

  /// Hands in one message; answers the reply to its end, or the first refusal.
  @Loop mutating func send(from sender: String, to recipients: [String], _ body: String) async throws -> String {
    wire.output.append("MAIL FROM:<\(sender)>\r\n")
    for recipient in recipients { wire.output.append("RCPT TO:<\(recipient)>\r\n") }
    wire.output.append("DATA\r\n")
    var refusal: String?
    for _ in 0...recipients.count {
      let reply = try await reply()
      if !reply.hasPrefix("250") { refusal = refusal ?? reply }
    }
    let go = try await reply()
    guard refusal == nil, go.hasPrefix("354") else { return refusal ?? go }
    wire.output.append(MailClient.stuffed(body) + ".\r\n")
    return try await reply()
  }

  /// Says one command and answers the reply.
  @Loop mutating func ask(_ command: String) async throws -> String {
    wire.output.append(command + "\r\n")
    return try await reply()
  }

  /// Says goodbye; whether anybody hears it is nobody's business.
  @Loop mutating func quit() async {
    _ = try? await ask("QUIT")
    wire.stream.close()
  }

  /// Goes without a word.
  @Loop mutating func leave() { wire.stream.close() }

  /// The next reply, of any number of lines, the last one's text.
  @Loop mutating func reply() async throws -> String {
    while true {
      let length = try await wire.nextLine(limit: 4096, until: loop.moment + .seconds(3600))
      let line = String(decoding: wire.input.bytes.extracting(first: length - 2).array, as: UTF8.self)
      wire.input.consume(length)
      if line.dropFirst(3).first != "-" { return line }
    }
  }

  @Loop private mutating func ask(_ command: String, _ code: String) async throws {
    wire.output.append(command + "\r\n")
    try await expect(code)
  }

  @Loop private mutating func expect(_ code: String) async throws {
    let reply = try await reply()
    if !reply.hasPrefix(code) { throw Refused(reply: reply) }
  }

  private static func stuffed(_ body: String) -> String {
    body.split(separator: "\r\n", omittingEmptySubsequences: false).map { $0.hasPrefix(".") ? ".\($0)" : String($0) }
      .joined(separator: "\r\n")
  }

  /// A reply that was not hoped for.
  struct Refused: Error {
    let reply: String
  }
}
