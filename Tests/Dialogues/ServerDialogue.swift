// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// One dialogue file: what a client sends, what the server must answer, and what must have been accepted in the end.
///
/// A line each; the first characters say what it is. Blank lines and lines that begin with `#` mean nothing.
///
///     Given: offer chunking dsn      extensions offered beyond the usual; `Given: withdraw size` takes some away
///     Given: limit recipients 2      a limit: messageSize recipients commandLine textLine header hops chunks errors transactions
///     Given: refuse a@b.example      a sender or recipient that policy refuses with `550 5.7.1` at RCPT
///     Given: full                    there is no room: MAIL gets `452 4.3.1`
///     Given: failing                 storing fails: the end of the message gets `452 4.3.1`
///     Given: tls                     the connection was encrypted from its start
///     Given: one piece               what is pending behind a command matters: never cut a flight into pieces
///     C: MAIL FROM:<a@b>             the client sends this with CRLF; `C:` lines that follow each other go out in one flight
///     C> .\r                         the client sends exactly this
///     S: 250 2.1.0 sender            one reply, of any number of lines: its code, and how the words of its first line begin
///     S+ SIZE                        a line of that reply begins so
///     S! STARTTLS                    no line of that reply begins so
///     X:                             the server closes the connection, and has said nothing more
///     M: <a@b> <c@d> <e@f>           a message was accepted: sender, recipients; the lines of its body follow
///     | Subject: hi                  a line of that body, ended by CRLF; `|>` is one without
///
/// In what is sent and in bodies, `\r \n \t \0 \\ \xHH` are bytes and `{70*a}` is 70 times `a`. A client that begins before the greeting
/// is written by a `C` line before the first `S`. Against a live daemon the trace lines that it puts in front of a body are skipped.
package struct ServerDialogue: Sendable, CustomStringConvertible {
  /// The file's name.
  package let description: String
  /// The words of the `Given:` lines.
  package private(set) var given: [[String]] = []
  /// What happens, in order.
  package private(set) var events: [(line: Int, event: Event)] = []

  /// What happens at one place of a dialogue.
  package enum Event: Sendable {
    /// The client sends.
    case send([UInt8])
    /// A reply comes, with this code and words that begin so.
    case expect(code: String, words: String)
    /// A line of that reply begins so.
    case expectLine(String)
    /// No line of that reply begins so.
    case expectNoLine(String)
    /// The server closes.
    case expectClose
    /// A message was accepted.
    case expectMessage(sender: String, recipients: [String], body: [UInt8])
  }

  /// A line that means nothing.
  package struct Unreadable: Error, CustomStringConvertible {
    package let description: String
  }

  /// The dialogue that a file's text describes.
  package init(name: String, text: String) throws {
    description = name
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      try add(String(line), number: index + 1)
    }
  }

  private mutating func add(_ line: String, number: Int) throws {
    guard !line.isEmpty, !line.hasPrefix("#") else { return }
    let rest = line.dropFirst(line.dropFirst(2).hasPrefix(" ") ? 3 : 2)
    switch line.prefix(2) {
    case "Gi" where line.hasPrefix("Given: "): given.append(line.dropFirst(7).split(separator: " ").map(String.init))
    case "C:": send(try Self.bytes(rest) + [0x0d, 0x0a], number)
    case "C>": send(try Self.bytes(rest), number)
    case "S:": events.append((number, .expect(code: String(rest.prefix(3)), words: String(rest.dropFirst(4)))))
    case "S+": events.append((number, .expectLine(String(rest))))
    case "S!": events.append((number, .expectNoLine(String(rest))))
    case "X:": events.append((number, .expectClose))
    case "M:":
      let words = rest.split(separator: " ").map { String($0.dropFirst().dropLast()) }
      events.append((number, .expectMessage(sender: words[0], recipients: Array(words.dropFirst()), body: [])))
    case "| ", "|", "|>":
      let isWhole = !line.hasPrefix("|>")
      guard case .expectMessage(let sender, let recipients, let body)? = events.last?.event else { throw unreadable(number) }
      let more = try Self.bytes(isWhole ? line.dropFirst(2) : rest) + (isWhole ? [0x0d, 0x0a] : [])
      events[events.count - 1].event = .expectMessage(sender: sender, recipients: recipients, body: body + more)
    default: throw unreadable(number)
    }
  }

  private mutating func send(_ bytes: [UInt8], _ number: Int) {
    if case .send(let earlier)? = events.last?.event {
      events[events.count - 1].event = .send(earlier + bytes)
    } else {
      events.append((number, .send(bytes)))
    }
  }

  private func unreadable(_ number: Int) -> Unreadable { Unreadable(description: "\(description):\(number) is no line of a dialogue") }

  /// The bytes that a line of text with escapes stands for.
  package static func bytes(_ text: some StringProtocol) throws -> [UInt8] {
    var (bytes, rest): ([UInt8], ArraySlice<UInt8>) = ([], Array(text.utf8)[...])
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), let escape = rest.popFirst() {
        switch escape {
        case UInt8(ascii: "r"): bytes.append(0x0d)
        case UInt8(ascii: "n"): bytes.append(0x0a)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "0"): bytes.append(0)
        case UInt8(ascii: "x"):
          bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
          rest = rest.dropFirst(2)
        default: bytes.append(escape)
        }
      } else if byte == UInt8(ascii: "{"), let star = rest.firstIndex(of: UInt8(ascii: "*")),
        let end = rest.firstIndex(of: UInt8(ascii: "}")),
        star < end, let count = Int(String(decoding: rest[..<star], as: UTF8.self))
      {
        for _ in 0..<count { bytes += rest[(star + 1)..<end] }
        rest = rest[(end + 1)...]
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }

  /// The dialogues of a folder beside this file.
  package static func all(in folder: String) -> [ServerDialogue] {
    let dialogues = "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")
    let directory = "/\(dialogues)/\(folder)"
    var found: [ServerDialogue] = []
    guard let listing = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(listing) }
    while let entry = unsafe readdir(listing) {
      let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      guard name.hasSuffix(".dialogue"), let text = read("\(directory)/\(name)") else { continue }
      do {
        found.append(try ServerDialogue(name: name, text: text))
      } catch {
        preconditionFailure("\(error)")
      }
    }
    return found.sorted { $0.description < $1.description }
  }

  private static func read(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var (text, piece): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 65_536))
    while true {
      let count = unsafe Glibc.read(descriptor, &piece, piece.count)
      guard count > 0 else { break }
      text += piece[..<count]
    }
    return String(decoding: text, as: UTF8.self)
  }
}
