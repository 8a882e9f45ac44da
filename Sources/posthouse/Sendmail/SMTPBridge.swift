// SPDX-License-Identifier: Apache-2.0
internal import Octets
internal import SMTP

/// `sendmail -bs`: a program that speaks SMTP on a pipe, and the daemon, brought together one command at a time.
///
/// Whoever writes a whole dialogue into the pipe beforehand would talk before the greeting and behind `DATA`, which the daemon takes
/// for an attack. Here each command waits for the reply to the one before. A program that ends its `DATA` line with LF alone writes its
/// message that way too, so its lines get their CR; all other messages pass as they are, and the daemon judges them.
struct SMTPBridge: ~Copyable {
  private var dialogue: RelayDialogue
  private var input = StandardInput()

  init(_ dialogue: consuming RelayDialogue) { self.dialogue = dialogue }

  /// Passes commands and replies on until either side ends.
  mutating func run() throws(SendmailFailure) {
    let greeting = try dialogue.reply()
    show(greeting)
    var isOpen = greeting.code == 220
    while isOpen, let line = try nextLine() { isOpen = try exchange(line) }
  }

  /// The next command; nil when either side has ended.
  private mutating func nextLine() throws(SendmailFailure) -> [UInt8]? {
    while !input.hasLine {
      guard dialogue.standardInputIsNext() else {
        // Its last words, `421` as a rule.
        show(try dialogue.reply(within: .seconds(2)))
        return nil
      }
      try input.fill()
    }
    return try input.line()
  }

  /// Passes one command on and its reply back; answers whether the dialogue goes on.
  private mutating func exchange(_ line: [UInt8]) throws(SendmailFailure) -> Bool {
    let command = Command(line)
    if command.verb == "STARTTLS" {
      Output.show(bytes: Array("502 5.5.1 there is no TLS on a pipe\r\n".utf8))
      return true
    }
    if let reply = try dialogue.pass((line.last == 0x0a ? command.line : line).span) { return close(reply) }
    guard line.last == 0x0a else { return true }
    if let size = command.chunkSize, let reply = try pass(chunk: size) { return close(reply) }
    let reply = try dialogue.reply()
    show(reply, hiding: command.verb == "EHLO" ? "STARTTLS" : nil)
    if reply.code == 421 || reply.code == 221 || reply.code == 521 { return false }
    guard command.verb == "DATA", reply.code == 354 else { return true }
    if let reply = try pass(message: command.ending) { return close(reply) }
    show(try dialogue.reply(within: RelayDialogue.Patience.message))
    return true
  }

  /// Passes a message on to its end; answers a reply when the daemon has hung up before.
  private mutating func pass(message ending: Command.Ending) throws(SendmailFailure) -> UpstreamReply? {
    var isAtStart = true
    while let line = try input.line() {
      let ends = line.last == 0x0a
      let isDot = isAtStart && (line == [0x2e, 0x0d, 0x0a] || (ending == .feed && line == [0x2e, 0x0a]))
      let isClean = ends && line.dropLast().last == 0x0d
      let whole = ending == .feed && ends && !isClean ? line.dropLast() + [0x0d, 0x0a] : line
      if let reply = try dialogue.pass(whole.span) { return reply }
      if isDot { return nil }
      isAtStart = isClean || (ending == .feed && ends)
    }
    throw SendmailFailure(.dataError, "standard input ended inside a message, which is not taken")
  }

  /// Passes so many bytes on; answers a reply when the daemon has hung up before.
  private mutating func pass(chunk size: Int) throws(SendmailFailure) -> UpstreamReply? {
    var left = size
    while left > 0 {
      guard let piece = try input.piece(atMost: left) else {
        throw SendmailFailure(.dataError, "standard input ended inside a message, which is not taken")
      }
      left -= piece.count
      if let reply = try dialogue.pass(piece.span) { return reply }
    }
    return nil
  }

  private func close(_ reply: UpstreamReply) -> Bool {
    show(reply)
    return false
  }

  private func show(_ reply: UpstreamReply, hiding hidden: String? = nil) {
    let lines = reply.lines.filter { $0 != hidden }
    let text = lines.enumerated().map { "\(reply.code)\($0.offset == lines.count - 1 ? " " : "-")\($0.element)\r\n" }
    Output.show(bytes: Array(text.joined().utf8))
  }

  /// A command as far as the bridge must understand it.
  private struct Command {
    /// Its first word in upper case.
    let verb: String
    /// The line with CRLF at its end.
    let line: [UInt8]
    /// How the line ended.
    let ending: Ending
    /// How many bytes follow at once (BDAT).
    let chunkSize: Int?

    /// What a line can end with.
    enum Ending {
      case returnAndFeed
      case feed
    }

    init(_ line: [UInt8]) {
      let text = line.last == 0x0a ? line.dropLast() : line[...]
      ending = text.last == 0x0d ? .returnAndFeed : .feed
      let bare = ending == .returnAndFeed ? text.dropLast() : text
      let words = bare.split(separator: 0x20, maxSplits: 2).map { String(decoding: $0, as: UTF8.self) }
      verb = words.first?.uppercased() ?? ""
      chunkSize = verb == "BDAT" && words.count > 1 ? Int(words[1]).flatMap { $0 >= 0 ? $0 : nil } : nil
      self.line = bare + [0x0d, 0x0a]
    }
  }
}
