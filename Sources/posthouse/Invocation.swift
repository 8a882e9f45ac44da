// SPDX-License-Identifier: Apache-2.0
internal import Control
internal import Settings
internal import Varlink

/// What the command line asks for.
///
/// Options may stand anywhere, as `--name value` or `--name=value`; `--` ends them. What is not understood is refused with the nearest
/// word that is.
struct Invocation {
  /// What is to be done.
  let command: Command
  /// Whether machines read the answer.
  private(set) var wantsJSON = false
  /// The control socket, where the command line names it.
  private(set) var socket: String?
  /// The configuration file, where the command line names it.
  private(set) var configuration: String?
  /// How long the daemon may take to answer.
  private(set) var patience: Duration = .seconds(10)
  /// The directory of captured mail, where the command line names it.
  private(set) var directory: String?
  /// The directory of a spool, where the command line names it.
  private(set) var spool: String?
  /// Whether saved messages that were held are imported too.
  private(set) var includesHeld = false

  /// What can be done.
  enum Command: Equatable {
    case status
    case queue(QueueCommand.Action)
    case flush(String?)
    case configuration(ConfigurationCommand.View)
    case captured(CapturedCommand.Choice)
    case spool(SpoolCommand.Action, String?)
    case sendmail(SendmailInvocation.Mode, [String])
    case version
    case help
  }

  /// What a program asks for that calls sendmail by name; its command line is understood there.
  init(_ mode: SendmailInvocation.Mode, _ arguments: [String]) { command = .sendmail(mode, arguments) }

  /// Understands a command line without the program's name.
  init(_ arguments: [String]) throws(CommandFailure) {
    var words: [String] = []
    var flags: Set<String> = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        words += rest
        break
      }
      guard argument.hasPrefix("-"), argument != "-" else {
        words.append(argument)
        // What follows is the command line of sendmail.
        if words == ["sendmail"] { break }
        continue
      }
      let mark = argument.firstIndex(of: "=")
      let name = String(argument[..<(mark ?? argument.endIndex)])
      if Invocation.flags.contains(name), mark == nil {
        flags.insert(name)
        continue
      }
      guard Invocation.options.contains(name) else { throw Invocation.unknownOption(name, hasValue: mark != nil) }
      guard let value = mark.map({ String(argument[argument.index(after: $0)...]) }) ?? rest.popFirst(), !value.isEmpty else {
        throw CommandFailure(.usage, "\(name) needs a value behind it; see posthouse help")
      }
      switch name {
      case "--socket": socket = value
      case "--config": configuration = value
      case "--timeout": patience = try Invocation.patience(value)
      case "--spool": spool = value
      default: directory = value
      }
    }
    wantsJSON = flags.contains("--json")
    includesHeld = flags.contains("--held")
    if flags.contains("--version") {
      command = .version
    } else if flags.contains("--help") || flags.contains("-h") {
      command = .help
    } else if words == ["sendmail"] {
      command = .sendmail(.deliver, Array(rest))
    } else {
      command = try Invocation.command(words)
    }
    try checkCompany()
  }

  /// Refuses options that mean nothing to the command.
  private mutating func checkCompany() throws(CommandFailure) {
    if directory != nil {
      guard case .captured = command else { throw CommandFailure(.usage, "--directory goes with posthouse captured only") }
    }
    if includesHeld {
      guard case .spool(.restore, _) = command else { throw CommandFailure(.usage, "--held goes with posthouse spool import only") }
    }
    guard case .spool(let action, let place) = command else {
      if spool != nil { throw CommandFailure(.usage, "--spool goes with posthouse spool only") }
      return
    }
    if case .restore = action, spool != nil {
      throw CommandFailure(.usage, "posthouse spool import hands mail to the daemon, wherever its spool is; leave --spool out")
    }
    guard let place else { return }
    if spool != nil { throw CommandFailure(.usage, "the spool is named twice, by --spool and by \"\(place.shown)\"") }
    spool = place
  }

  private static let flags = ["--json", "--help", "--held", "--version", "-h"]
  private static let options = ["--socket", "--config", "--timeout", "--directory", "--spool"]
  private static let names = ["status", "queue", "flush", "config", "captured", "spool", "sendmail", "version", "help"]

  private static func command(_ words: [String]) throws(CommandFailure) -> Command {
    guard let name = words.first else {
      throw CommandFailure(.usage, "say what to do: \(names.joined(separator: ", ")); see posthouse help")
    }
    let arguments = words.dropFirst()
    switch name {
    case "status": return try alone(.status, arguments, name)
    case "queue", "mailq": return try queue(arguments)
    case "flush":
      try atMost(1, arguments, name)
      return .flush(arguments.first)
    case "config": return .configuration(try view(arguments))
    case "captured":
      try atMost(1, arguments, name)
      return .captured(try choice(arguments.first))
    case "spool": return try spool(arguments)
    case "version": return try alone(.version, arguments, name)
    case "help": return .help
    default: throw unknown("a command", name, names)
    }
  }

  private static func patience(_ word: String) throws(CommandFailure) -> Duration {
    guard let seconds = Int(word), (1...3600).contains(seconds) else {
      throw CommandFailure(.usage, "\"\(word.shown)\" is no time to wait; write a number of seconds from 1 to 3600")
    }
    return .seconds(seconds)
  }

  private static func queue(_ arguments: ArraySlice<String>) throws(CommandFailure) -> Command {
    guard let name = arguments.first else { return .queue(.list(nil)) }
    let rest = arguments.dropFirst()
    if name == "list" {
      try atMost(1, rest, "queue list")
      guard let word = rest.first else { return .queue(.list(nil)) }
      let states = QueuedMessage.State.allCases.map(\.rawValue)
      guard let state = QueuedMessage.State(rawValue: word) else { throw unknown("a state of messages", word, states) }
      return .queue(.list(state))
    }
    if name == "flush" {
      try atMost(1, rest, "queue flush")
      return .flush(rest.first)
    }
    guard QueueCommand.names.contains(name) else { throw unknown("a queue command", name, QueueCommand.names) }
    guard let id = rest.first else {
      throw CommandFailure(.usage, "posthouse queue \(name) needs the name of a message; posthouse queue lists them")
    }
    if name == "redirect" {
      let addresses = Array(rest.dropFirst())
      guard !addresses.isEmpty else {
        throw CommandFailure(.usage, "posthouse queue redirect needs the addresses that shall have the message, behind its name")
      }
      return .queue(.redirect(id, addresses))
    }
    try atMost(1, rest, "queue \(name)")
    if let order = MessageOrder(rawValue: name) { return .queue(.order(order, id)) }
    return .queue(name == "export" ? .export(id) : .show(id))
  }

  private static func spool(_ arguments: ArraySlice<String>) throws(CommandFailure) -> Command {
    let names = ["verify", "list", "export", "import"]
    guard let name = arguments.first else {
      throw CommandFailure(.usage, "say what to do with the spool: \(names.joined(separator: ", "))")
    }
    guard names.contains(name) else { throw unknown("a spool command", name, names) }
    let rest = arguments.dropFirst()
    try atMost(1, rest, "spool \(name)")
    switch name {
    case "verify": return .spool(.verify, rest.first)
    case "list": return .spool(.list, rest.first)
    default:
      guard let directory = rest.first else {
        throw CommandFailure(.usage, "posthouse spool \(name) needs the directory of the saved mail behind it")
      }
      return .spool(name == "export" ? .export(to: directory) : .restore(from: directory), nil)
    }
  }

  private static func view(_ arguments: ArraySlice<String>) throws(CommandFailure) -> ConfigurationCommand.View {
    let views = ConfigurationCommand.View.allCases.map(\.rawValue)
    guard let name = arguments.first else {
      throw CommandFailure(.usage, "say what to do with the configuration: \(views.joined(separator: ", "))")
    }
    guard let view = ConfigurationCommand.View(rawValue: name) else { throw unknown("a config command", name, views) }
    try atMost(0, arguments.dropFirst(), "config \(name)")
    return view
  }

  private static func choice(_ word: String?) throws(CommandFailure) -> CapturedCommand.Choice {
    guard let word else { return .all }
    if word == "last" { return .last }
    guard let number = Int(word), number > 0 else {
      throw CommandFailure(.usage, "\"\(word.shown)\" is not the number of a captured message; posthouse captured lists them, or say last")
    }
    return .number(number)
  }

  private static func alone(_ command: Command, _ arguments: ArraySlice<String>, _ name: String) throws(CommandFailure) -> Command {
    try atMost(0, arguments, name)
    return command
  }

  private static func atMost(_ count: Int, _ arguments: ArraySlice<String>, _ name: String) throws(CommandFailure) {
    guard let extra = arguments.dropFirst(count).first else { return }
    throw CommandFailure(.usage, "posthouse \(name) does not know what to do with \"\(extra.shown)\"; see posthouse help")
  }

  private static func unknown(_ kind: String, _ word: String, _ known: [String]) -> CommandFailure {
    let remedy = Suggestion.nearest(to: word, among: known).map { "did you mean \($0)?" } ?? "there are \(known.joined(separator: ", "))"
    return CommandFailure(.usage, "\"\(word.shown)\" is not \(kind); \(remedy)")
  }

  private static func unknownOption(_ name: String, hasValue: Bool) -> CommandFailure {
    if hasValue, flags.contains(name) { return CommandFailure(.usage, "\(name) takes no value") }
    return unknown("an option", name, flags + options)
  }
}
