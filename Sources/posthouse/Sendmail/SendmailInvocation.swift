// SPDX-License-Identifier: Apache-2.0
internal import Mail

/// The command line of sendmail, as the programs use it that have called one for forty years.
///
/// Flags are letters; a value stands behind its letter or is the next word. Flags and recipients may be mixed, `--` ends the flags. What
/// only tuned a sendmail (`-o…`, `-O`, `-n`, `-X`) is taken and has no effect. What would mean something that is not done here is refused.
struct SendmailInvocation {
  /// What is to be done.
  private(set) var mode: Mode
  /// Whether `To:`, `Cc:` and `Bcc:` name recipients.
  private(set) var takesRecipientsFromHeader = false
  /// Whether a line with a single dot is text.
  private(set) var ignoresDots = false
  /// Whether the dialogue with the daemon is shown.
  private(set) var isVerbose = false
  /// The envelope's sender, where one was named; an empty text is the null sender.
  private(set) var sender: String?
  /// The name for a `From:` that is missing.
  private(set) var fullName: String?
  /// When the sender wants a report.
  private(set) var notify: Recipient.Notify?
  /// What a report shall contain.
  private(set) var reportContent: Envelope.ReportContent?
  /// The sender's own name for the message.
  private(set) var envelopeID: String?
  /// The recipients on the command line.
  private(set) var recipients: [String] = []

  /// What can be done.
  enum Mode: Equatable {
    /// Take a message from standard input.
    case deliver
    /// Speak SMTP on standard input and output.
    case converse
    /// List what waits: `mailq`.
    case list
    /// Try again what waits: all, or one message.
    case flush(String?)
    /// Nothing, since no list of aliases is kept: `newaliases`.
    case newAliases
  }

  /// The mode that belongs to a name by which the program was called; nil when it is called by its own.
  static func mode(calledAs name: String) -> Mode? {
    switch name.split(separator: "/").last {
    case "sendmail", "send-mail": .deliver
    case "mailq": .list
    case "newaliases": .newAliases
    default: nil
    }
  }

  /// Understands a command line without the program's name.
  init(_ arguments: [String], mode: Mode) throws(SendmailFailure) {
    self.mode = mode
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        recipients += rest
        break
      }
      guard argument.hasPrefix("-"), argument != "-" else {
        recipients.append(argument)
        continue
      }
      try take(flags: argument, &rest)
    }
    switch self.mode {
    case .deliver:
      guard recipients.isEmpty, !takesRecipientsFromHeader else { return }
      throw SendmailFailure(.usage, "nobody is named to have the message; name recipients, or say -t to take them from To:, Cc: and Bcc:")
    case .converse, .list, .flush:
      guard let extra = recipients.first else { return }
      throw SendmailFailure(.usage, "\"\(extra.shown)\" has no meaning here; only a message has recipients")
    case .newAliases: break
    }
  }

  /// Takes one word of flags: letters without values may stand together, as in `-ti`.
  private mutating func take(flags word: String, _ rest: inout ArraySlice<String>) throws(SendmailFailure) {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      switch letter {
      case "t": takesRecipientsFromHeader = true
      case "i": ignoresDots = true
      case "v": isVerbose = true
      case "I": mode = .newAliases
      case "G", "U", "c", "m", "n", "x": break
      case "q", "d":
        // Their values are never apart.
        if letter == "q" { mode = .flush(try SendmailInvocation.message(letters)) }
        return
      case "A", "B", "D", "F", "L", "M", "N", "O", "R", "V", "X", "b", "e", "f", "h", "o", "p", "r":
        let value = letters.isEmpty ? rest.popFirst() : String(letters)
        guard let value else { throw SendmailFailure(.usage, "-\(letter) needs a value behind it; see man posthouse-sendmail") }
        try take(letter, value)
        return
      case "C":
        throw SendmailFailure(.usage, "-C names a sendmail.cf, which is not used here; name the relay's configuration in POSTHOUSE_CONFIG")
      default:
        throw SendmailFailure(.usage, "\"\(word.shown)\" is not a flag of sendmail that is known here; see man posthouse-sendmail")
      }
    }
  }

  private mutating func take(_ letter: Character, _ value: String) throws(SendmailFailure) {
    switch letter {
    case "o" where value.hasPrefix("i"): ignoresDots = true
    case "f", "r": sender = value
    case "F": fullName = value
    case "N": notify = try SendmailInvocation.notify(value)
    case "R":
      switch value.lowercased() {
      case "full": reportContent = .full
      case "hdrs": reportContent = .headers
      default: throw SendmailFailure(.usage, "-R \"\(value.shown)\" is not what a report can contain; say full or hdrs")
      }
    case "V":
      guard !value.isEmpty, value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }), value.utf8.count <= 100 else {
        throw SendmailFailure(.usage, "-V \"\(value.shown)\" is no name for a message; use at most 100 printable ASCII characters")
      }
      envelopeID = value
    case "b": mode = try SendmailInvocation.mode(value)
    default: break
    }
  }

  private static func mode(_ value: String) throws(SendmailFailure) -> Mode {
    switch value {
    case "m": .deliver
    case "s": .converse
    case "p": .list
    case "i": .newAliases
    case "d", "D", "l":
      throw SendmailFailure(.usage, "-b\(value) would start a daemon; the relay's is posthoused, started by systemctl start posthoused")
    default: throw SendmailFailure(.usage, "-b\(value.shown) is not done here; there are -bm, -bs, -bp and -bi")
    }
  }

  /// The message that a flag `-q` means; nil for all. An interval, with which a daemon was told how often to try, is all of them once.
  private static func message(_ value: Substring) throws(SendmailFailure) -> String? {
    guard let first = value.first else { return nil }
    if first == "I", value.count > 1 { return String(value.dropFirst()) }
    if first.isASCII, first.isNumber { return nil }
    throw SendmailFailure(
      .usage, "-q\(String(value).shown) chooses mail as is not done here; there are -q for all and -qI with one message's name")
  }

  private static func notify(_ value: String) throws(SendmailFailure) -> Recipient.Notify {
    var notify: Recipient.Notify = []
    let words = value.lowercased().split(separator: ",", omittingEmptySubsequences: false)
    if words == ["never"] { return notify }
    for word in words {
      switch word {
      case "success": notify.insert(.success)
      case "failure": notify.insert(.failure)
      case "delay": notify.insert(.delay)
      default:
        throw SendmailFailure(.usage, "-N \"\(value.shown)\" is not when a report can be sent; say never, or some of success,failure,delay")
      }
    }
    return notify
  }
}
