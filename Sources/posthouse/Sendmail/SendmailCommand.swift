// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem
internal import Mail
internal import Octets
internal import SMTP
internal import Settings
internal import Timekeeping

/// `posthouse sendmail`, and the command when it is called `sendmail`, `mailq` or `newaliases`.
///
/// A message is read to its end before the daemon is asked, so that a program that writes for hours keeps no connection open and one
/// that is cut off sends nothing. It goes to the daemon over SMTP, all recipients or none, and when this program ends with success, the
/// daemon has it on stable storage. Nothing is kept here: where the daemon is not there, the caller is told to try again (EX_TEMPFAIL).
struct SendmailCommand {
  private let invocation: Invocation
  private let context: CommandContext

  init(_ invocation: Invocation) {
    self.invocation = invocation
    context = CommandContext(invocation)
  }

  /// Does what the command line says; a failure is told on standard error.
  func run(_ mode: SendmailInvocation.Mode, _ arguments: [String]) -> SystemExit {
    do throws(SendmailFailure) {
      let order = try SendmailInvocation(arguments, mode: mode)
      switch order.mode {
      case .deliver: try deliver(order)
      case .converse:
        var bridge = SMTPBridge(try RelayDialogue.connected(to: try SubmissionPlace.known(to: context)))
        try bridge.run()
      case .list, .flush: try queue(order)
      case .newAliases: if order.isVerbose { Output.complain("newaliases: the relay keeps no aliases; nothing to do") }
      }
      return .ok
    } catch {
      Output.complain("sendmail: \(error.text)")
      return error.code
    }
  }

  private func queue(_ order: SendmailInvocation) throws(SendmailFailure) {
    do throws(CommandFailure) {
      switch order.mode {
      case .list: _ = try QueueCommand(invocation).list()
      case .flush(let id):
        // Timers run this; what they have to tell is mailed to somebody.
        let scheduled = try QueueCommand(invocation).schedule(id).count
        if order.isVerbose { Output.show("\(HumanText.count(Int(scheduled), "message")) due now") }
      case .deliver, .converse, .newAliases: break
      }
    } catch { throw SendmailFailure(SystemExit(error.code), error.text) }
  }

  private func deliver(_ order: SendmailInvocation) throws(SendmailFailure) {
    let settings = try settings()
    let place = try SubmissionPlace.known(to: context)
    let house = SendmailCommand.domain(settings.hostname)
    let name = ClientName(house) ?? .localhost
    let message = try readMessage(order, place, name)
    let writing = LocalEnvelope(order, user: user, house: house)
    let envelope = try writing.envelope(of: message, at: SystemClock().wallTime)
    let header = try writing.header(of: message)
    let handover = Handover(try RelayDialogue.connected(to: place, isVerbose: order.isVerbose), name)
    try handover.run(envelope, [header[...], message.body[...]])
  }

  /// Reads the message; one that grows large is read on only as far as the daemon would take it.
  private func readMessage(
    _ order: SendmailInvocation, _ place: SubmissionPlace, _ name: ClientName
  ) throws(SendmailFailure) -> LocalMessage {
    var input = StandardInput()
    var message = LocalMessage(order.ignoresDots ? .fileOnly : .dot)
    var limit: Int?
    while !message.hasEnded, let piece = try input.piece() {
      message.take(piece.span)
      guard message.size > SendmailCommand.unquestionedSize else { continue }
      let known = if let limit { limit } else { try sizeLimit(place, name) }
      limit = known
      guard message.size <= known else {
        throw SendmailFailure(.unavailable, "the message has more than the \(known) bytes that the relay takes (Listen.MaxMessageSize)")
      }
    }
    message.finish()
    return message
  }

  private func sizeLimit(_ place: SubmissionPlace, _ name: ClientName) throws(SendmailFailure) -> Int {
    var dialogue = try RelayDialogue.connected(to: place)
    let capabilities = try dialogue.greet(as: name)
    dialogue.end()
    return capabilities.sizeLimit?.bytes ?? .max
  }

  private func settings() throws(SendmailFailure) -> RelaySettings {
    do throws(CommandFailure) {
      return try context.knownSettings()
    } catch { throw SendmailFailure(SystemExit(error.code), error.text) }
  }

  /// Whom this program runs for. One who is known to a directory server only has told the name to the environment, by custom.
  private var user: String {
    let number = getuid()
    return UserNames().name(of: number) ?? context.variable("LOGNAME") ?? "user-\(number)"
  }

  /// The host's name, where it can stand behind an `@`.
  private static func domain(_ hostname: String) -> String {
    let isDomain = (try? AddressGrammar.mailbox(Array("a@\(hostname)".utf8).span)) != nil
    return isDomain ? hostname : "localhost"
  }

  /// A message of this size is read without asking how much the daemon takes.
  private static let unquestionedSize = 32 * 1_048_576
}
