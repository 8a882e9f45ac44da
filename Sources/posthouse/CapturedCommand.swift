// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Octets
internal import Secrets
internal import Settings
internal import Timekeeping
internal import Varlink

/// `posthouse captured`: the mail that an upstream `Host=capture:DIRECTORY` kept, the oldest first, so that a message keeps its number.
struct CapturedCommand {
  private let invocation: Invocation

  init(_ invocation: Invocation) { self.invocation = invocation }

  /// Which messages are meant.
  enum Choice: Equatable {
    case all
    case last
    case number(Int)
  }

  func run(_ choice: Choice) throws(CommandFailure) -> ExitCode {
    let maildir = Maildir(try directory())
    let messages: [Maildir.Message]
    do throws(SystemFailure) {
      messages = try maildir.messages()
    } catch {
      throw CommandFailure(error, remedy: "has anything been sent yet?")
    }
    switch choice {
    case .all: list(messages, maildir)
    case .last:
      guard let last = messages.last else { throw CommandFailure(.problem, "nothing has been captured in \"\(maildir.path.shown)\" yet") }
      try show(last, maildir)
    case .number(let number):
      guard number <= messages.count else {
        throw CommandFailure(.problem, "there is no captured message \(number): \"\(maildir.path.shown)\" has \(messages.count)")
      }
      try show(messages[number - 1], maildir)
    }
    return .success
  }

  private func directory() throws(CommandFailure) -> String {
    if let directory = invocation.directory { return directory }
    let configuration = try CommandContext(invocation).configuration()
    if case .capture(let directory)? = configuration.reading.settings.upstream.host { return directory }
    let text = "\"\(configuration.path.shown)\" captures no mail (its upstream is no capture:DIRECTORY)"
    throw CommandFailure(.problem, "\(text); name a directory with --directory, or another configuration with --config")
  }

  private func list(_ messages: [Maildir.Message], _ maildir: Maildir) {
    if invocation.wantsJSON {
      let list = messages.enumerated().map { JSON.object(json($0.element, number: $0.offset + 1, maildir.head(of: $0.element))) }
      Output.show(JSON.array(list).pretty)
      return
    }
    guard !messages.isEmpty else {
      Output.show("nothing has been captured in \"\(maildir.path.shown)\" yet")
      return
    }
    let human = HumanText(now: SystemClock().wallTime.microseconds)
    var table = TextTable(["N", "ARRIVED", "SIZE", "FROM", "TO", "SUBJECT"], rightAligned: [0, 2])
    for (index, message) in messages.enumerated() {
      let head = maildir.head(of: message)
      table.add([
        "\(index + 1)", human.ago(message.arrivedUSec), HumanText.size(message.size), head.from.cell, head.to.cell,
        head.fields["subject"].cell,
      ])
    }
    Output.show((table.lines + ["\(HumanText.count(messages.count, "message")); posthouse captured N shows one"]).joined(separator: "\n"))
  }

  private func show(_ message: Maildir.Message, _ maildir: Maildir) throws(CommandFailure) {
    let content: [UInt8]
    do throws(SystemFailure) { content = try maildir.content(of: message) } catch { throw CommandFailure(.problem, "\(error)") }
    if invocation.wantsJSON {
      var json = json(message, number: nil, maildir.head(of: message))
      json["content"] = .string(String(decoding: content, as: UTF8.self))
      Output.show(JSON.object(json).pretty)
    } else if Output.isTerminal {
      // What a stranger wrote must not steer the terminal.
      let lines = String(decoding: content, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      for line in lines { Output.show(String(printable: line.hasSuffix("\r") ? String(line.dropLast()) : String(line), limit: 65_536)) }
    } else {
      Output.show(bytes: content)
    }
  }

  private func json(_ message: Maildir.Message, number: Int?, _ head: MessageHead) -> JSONObject {
    var json = JSONObject()
    json["number"] = number.map { .count($0) }
    json["file"] = .string(message.path)
    json["sizeBytes"] = .integer(message.size)
    json["arrivedUSec"] = .integer(message.arrivedUSec)
    for name in ["from", "to", "subject"] { json[name] = head.fields[name].map { .string($0) } }
    json["sender"] = head.sender.map { .string($0) }
    if !head.recipients.isEmpty { json["recipients"] = .array(head.recipients.map { .string($0) }) }
    return json
  }
}

extension String? {
  /// The text of a table's cell, not wider than a terminal can bear.
  fileprivate var cell: String {
    let text = (self ?? "").shown
    return text.count <= 40 ? text : "\(text.prefix(39))…"
  }
}
