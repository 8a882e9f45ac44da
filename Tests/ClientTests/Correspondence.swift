// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Harness
internal import Testing

/// A running daemon, a text worth sending, and what a client must have made of both: two recipients, a subject outside ASCII, and lines
/// that a careless transport spoils.
struct Correspondence {
  let rig: Rig
  let daemon: Daemon
  /// A file with the text, for clients that make a message of it themselves.
  let textPath: String
  /// A file with a whole message, its lines ended by LF.
  let messagePath: String
  /// The same with CRLF, for clients that send what they are given.
  let wireMessagePath: String
  private let port: UInt16

  static let sender = "bounces@app.example"
  static let recipients = ["one@dest.example", "two@dest.example"]
  static let subject = "Gr\u{fc}\u{df}e, 100% <& \"quoted\"> \u{1F3E4}"
  static let text = [
    "Hello,", "", ".", "..", ".hidden", "From the start of a line", "na\u{ef}ve \u{20ac} \u{1F4EE}", "a=b =3D ", "\ttab", "--", "the end",
    "",
  ].joined(separator: "\n")

  /// The message that clients are given who do not make one themselves; one line of it is longer than the 998 bytes of RFC 5322.
  static let message =
    "From: Bounces <bounces@app.example>\nTo: one@dest.example, two@dest.example\nSubject: \(subject)\nMIME-Version: 1.0\n"
    + "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n\(text)"
  static let longLine = String(repeating: "0123456789", count: 500) + "\n"

  /// Runs a test with a daemon that captures whatever it gets.
  static func use(_ change: (inout DaemonSettings) -> Void = { _ in }, _ test: (Correspondence) throws -> Void) throws {
    try Rig.use { rig in
      let daemon = try rig.daemon { settings in
        settings["Listen.AcceptAnyAuth"] = "yes"
        settings["Log.Level"] = "info"
        change(&settings)
      }
      let whole = message + longLine
      try test(
        Correspondence(
          rig: rig, daemon: daemon, textPath: try rig.write(text, to: "text"), messagePath: try rig.write(whole, to: "message"),
          wireMessagePath: try rig.write(whole.replacing("\n", with: "\r\n"), to: "wire-message"), port: try daemon.port))
    }
  }

  private init(rig: Rig, daemon: Daemon, textPath: String, messagePath: String, wireMessagePath: String, port: UInt16) {
    self.rig = rig
    self.daemon = daemon
    self.textPath = textPath
    self.messagePath = messagePath
    self.wireMessagePath = wireMessagePath
    self.port = port
  }

  /// The port as a client is told it.
  var portText: String { "\(port)" }

  /// The path of a client's program text.
  static func program(_ name: String) -> String {
    "/" + "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/") + "/clients/\(name)"
  }

  /// Runs a client, which must end well.
  @discardableResult
  func run(_ program: String, _ arguments: String..., environment: [String: String] = [:], input: String = "/dev/null") throws -> String {
    try rig.output(
      of: program, arguments, environment: environment.merging(["SUBJECT": Correspondence.subject]) { given, _ in given }, input: input)
  }

  /// A link with which `posthouse` is called as sendmail is.
  func sendmail() throws -> String {
    let link = rig.directory["sendmail"]
    let program = try Environment.program("posthouse")
    guard unsafe symlink(program, link) == 0 else { throw HarnessFailure("cannot make the link \(link)") }
    return link
  }

  /// What tells sendmail where this daemon is.
  var sendmailEnvironment: [String: String] { ["POSTHOUSE_CONFIG": "/nowhere/posthouse.conf", "POSTHOUSE_SUBMIT": "127.0.0.1:\(port)"] }

  /// The one message that arrived; its envelope is as it should be.
  func delivered(from sender: String = Correspondence.sender, to recipients: [String] = Correspondence.recipients) throws
    -> DeliveredMessage
  {
    let messages = try daemon.captured.messages(atLeast: 1)
    #expect(messages.count == 1)
    let message = try #require(messages.first)
    #expect(message.values(of: "Return-Path").last == "<\(sender)>")
    #expect(message.values(of: "Delivered-To") == recipients)
    #expect(message.values(of: "Received").count == 1, "\(message.values(of: "Received"))")
    #expect(!message.text.lowercased().contains("\nbcc:"))
    return message
  }

  /// The message as a mail program reads it is what the client was given.
  func expectText(_ message: DeliveredMessage, subject: String = Correspondence.subject, text: String = Correspondence.text) throws {
    let path = rig.directory.freshName("delivered")
    try Files.write(message.bytes, to: path)
    let read = try rig.output(of: "python3", [Correspondence.program("read_mail.py"), path])
    let end = read.firstIndex(of: "\n") ?? read.endIndex
    #expect(read[..<end] == subject)
    #expect(read[end...].dropFirst() == text)
  }

  /// The bytes of the message, with nothing changed but what stands in front of them, and what the client itself adds behind them.
  func expectBytes(_ message: DeliveredMessage, _ expected: String? = nil, andBehind surplus: String = "") throws {
    let sent = try (expected.map { Array($0.utf8) } ?? Files.bytes(at: wireMessagePath)) + Array(surplus.utf8)
    #expect(message.bytes.suffix(sent.count).elementsEqual(sent), "\(message.text)")
  }
}
