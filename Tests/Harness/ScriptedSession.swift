// SPDX-License-Identifier: Apache-2.0

/// One connection to a scripted upstream, from greeting to end.
struct ScriptedSession {
  let upstream: ScriptedUpstream
  let script: UpstreamScript
  let connection: Connection
  let number: Int

  /// Serves the client until one of both has had enough.
  func run() {
    do {
      try converse()
    } catch {
      upstream.note("(\(error))")
    }
    connection.shutDown()
  }

  /// What the client learnt at a point.
  private enum Answer {
    case good, bad, over
  }

  private func converse() throws {
    guard try answer(.greeting, "") != .over else { return }
    var sender = ""
    var recipients: [String] = []
    while let line = try connection.line(.in(.seconds(120))) {
      upstream.note(line)
      let stage = ScriptedSession.stage(of: line)
      let answer = try answer(stage, line)
      if answer == .over { return }
      switch stage {
      case .sender: sender = ScriptedSession.path(in: line)
      case .recipient: if answer == .good { recipients.append(ScriptedSession.path(in: line)) }
      case .data:
        if answer == .good, try takeMessage(from: sender, to: recipients) == .over { return }
        recipients = []
      case .reset, .hello: recipients = []
      case .goodbye: return
      case .greeting, .startTLS, .login, .end, .other: break
      }
    }
  }

  private func takeMessage(from sender: String, to recipients: [String]) throws -> Answer {
    // A message without any line has its end right behind the command.
    var bytes = [UInt8]("\r\n".utf8)
    while !bytes.suffix(5).elementsEqual("\r\n.\r\n".utf8) {
      guard let more = try connection.bytes(through: Array("\r\n".utf8), .in(.seconds(120))) else { return .over }
      bytes += more
    }
    let message = DeliveredMessage(ScriptedSession.unstuffed(Array(bytes[2..<(bytes.count - 3)])))
    let taken = ScriptedUpstream.Taken(sender: sender, recipients: recipients, message: message, session: number)
    // Remembered before the reply: when the client hears it, the test can see the message.
    return try answer(.end, "") { upstream.note(taken) }
  }

  private func answer(_ stage: UpstreamScript.Stage, _ line: String, whenGood: () -> Void = {}) throws -> Answer {
    let point = UpstreamScript.Point(stage: stage, line: line, session: number, earlier: upstream.count(stage))
    switch script.act(at: point) ?? .reply(script.usual(at: stage)) {
    case .reply(let text):
      if ScriptedSession.isGood(text) { whenGood() }
      try connection.send(ScriptedSession.wire(text))
      return ScriptedSession.isGood(text) ? .good : .bad
    case .trickle(let text):
      if ScriptedSession.isGood(text) { whenGood() }
      for byte in ScriptedSession.wire(text) { try connection.send([byte]) }
      return ScriptedSession.isGood(text) ? .good : .bad
    case .raw(let bytes):
      try connection.send(bytes)
      return .bad
    case .close:
      return .over
    case .cut:
      connection.resetAtEnd()
      return .over
    case .stall:
      _ = try connection.rest(.in(.seconds(120)))
      return .over
    case .lastWords(let text):
      try connection.send(ScriptedSession.wire(text))
      return .over
    }
  }

  private static func wire(_ text: String) -> [UInt8] { Array(text.split(separator: "\n").map { $0 + "\r\n" }.joined().utf8) }

  private static func isGood(_ text: String) -> Bool { text.first == "2" || text.first == "3" }

  private static func stage(of line: String) -> UpstreamScript.Stage {
    switch line.uppercased().prefix(4) {
    case "EHLO", "HELO": .hello
    case "STAR": .startTLS
    case "AUTH": .login
    case "MAIL": .sender
    case "RCPT": .recipient
    case "DATA": .data
    case "RSET": .reset
    case "QUIT": .goodbye
    default: .other
    }
  }

  /// What stands between the first angle bracket and the one that ends the path.
  private static func path(in line: String) -> String {
    guard let start = line.firstIndex(of: "<"), let end = line.lastIndex(of: ">"), start < end else { return line }
    return String(line[line.index(after: start)..<end])
  }

  private static func unstuffed(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var atLineStart = true
    for byte in bytes {
      if atLineStart, byte == UInt8(ascii: ".") {
        atLineStart = false
        continue
      }
      result.append(byte)
      atLineStart = byte == 10
    }
    return result
  }
}
