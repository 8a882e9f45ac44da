// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Mail
internal import Octets
internal import SMTP
internal import Settings
internal import Timekeeping
internal import Varlink

/// `posthouse spool import DIR`: saved messages go back to a daemon, over SMTP like any other mail.
///
/// So it needs no access to the spool and works while the daemon runs, under the daemon's own rules; the message gets a new number, a
/// new time of acceptance and one more `Received:` line. It goes to those who have not had it yet. Messages that an operator held, or
/// that their sender wanted held until later, are left unless `--held` is given: handing them in would release them. `ID.json` of a
/// message that was taken is renamed to `ID.json.done`, so that an import that was cut off can be repeated.
struct SpoolImport {
  private let invocation: Invocation
  private let directory: String
  private let disk: LinuxDisk
  private let place: SubmissionPlace
  private let name: ClientName

  init(_ invocation: Invocation, from directory: String) throws(CommandFailure) {
    self.invocation = invocation
    self.directory = directory
    let context = CommandContext(invocation)
    do throws(SystemFailure) {
      disk = try LinuxDisk(at: directory)
    } catch { throw CommandFailure(error, remedy: "name the directory of an export") }
    do throws(SendmailFailure) {
      place = try SubmissionPlace.known(to: context)
    } catch { throw CommandFailure(.problem, error.text) }
    name = ClientName(try context.knownSettings().hostname) ?? .localhost
  }

  /// Why a message was not handed in.
  private enum Obstacle: Error {
    /// It was not meant to be.
    case left(String)
    /// It could not be.
    case failed(String)
    /// Nobody is there to take it, or any other.
    case absent(String)
  }

  func run() throws(CommandFailure) -> ExitCode {
    let names: [String]
    do throws(SystemFailure) {
      names = try disk.names(in: "").filter { $0.hasSuffix(".json") }.sorted()
    } catch { throw CommandFailure(error, remedy: "name the directory of an export") }
    var imported = 0
    var left: [(name: String, reason: String)] = []
    var failed: [(name: String, reason: String)] = []
    for name in names {
      do throws(Obstacle) {
        try handIn(name)
        imported += 1
      } catch {
        switch error {
        case .left(let reason): left.append((name, reason))
        case .failed(let reason): failed.append((name, reason))
        case .absent(let reason): throw CommandFailure(.absent, "\(reason) (\(imported) handed in so far)")
        }
      }
    }
    if invocation.wantsJSON {
      let json = JSONObject([
        "imported": .count(imported), "left": .array(left.map { SpoolImport.json($0.name, $0.reason) }),
        "failed": .array(failed.map { SpoolImport.json($0.name, $0.reason) }),
      ])
      Output.show(JSON.object(json).pretty)
    } else {
      for (name, reason) in left { Output.show("LEFT     \(name.shown): \(reason.shown)") }
      for (name, reason) in failed { Output.show("FAILED   \(name.shown): \(reason.shown)") }
      Output.show("\(HumanText.count(imported, "message")) handed to the relay, \(left.count) left, \(failed.count) failed")
    }
    return failed.isEmpty ? .success : .problem
  }

  private static func json(_ name: String, _ reason: String) -> JSON {
    .object(JSONObject(["file": .string(name), "reason": .string(reason)]))
  }

  private func handIn(_ name: String) throws(Obstacle) {
    let saved = try savedMessage(name)
    let now = SystemClock().wallTime
    if !invocation.includesHeld {
      if saved.message.state == .held { throw .left("an operator held it; import it with --held, which releases it") }
      if let time = saved.message.holdUntilUSec, time > now.microseconds {
        throw .left("it is not to be sent before \(CivilTime(WallTime(microseconds: time)).iso8601); import it then, or with --held")
      }
    }
    let envelope: Envelope
    do throws(SavedMessageFault) { envelope = try saved.envelope(accepted: now) } catch {
      switch error {
      case .nobodyLeft: throw .left("none of its recipients waits for it")
      case .badAddress(let text, let fault): throw .failed("\"\(text)\" is no address: \(fault)")
      }
    }
    let text = try content(of: saved.textFile)
    do throws(SendmailFailure) {
      let handover = Handover(try RelayDialogue.connected(to: place), self.name)
      try handover.run(envelope, SpoolImport.pieces(text, envelope.coding))
    } catch { throw error.isAbsence ? .absent(error.text) : .failed(error.text) }
    do throws(SystemFailure) {
      try disk.rename(name, to: "\(name).done")
    } catch { throw .failed("it was handed in, but this cannot be noted, so that another import would hand it in again: \(error)") }
  }

  private func savedMessage(_ name: String) throws(Obstacle) -> SavedMessage {
    let bytes = try content(of: name)
    guard let object = (try? JSON(parsing: bytes.span))?.object else { throw .failed("it is not the JSON of an export") }
    do throws(VarlinkError) { return try SavedMessage(object) } catch {
      throw .failed("its field \"\((try? error.parameters.string("parameter")) ?? "")\" is not that of an export")
    }
  }

  private func content(of name: String) throws(Obstacle) -> [UInt8] {
    do throws(SystemFailure) {
      let file = try disk.open(name, .read)
      return try file.read(Int(try file.size()), at: 0)
    } catch { throw .failed("\(error)") }
  }

  /// The text as it travels. What a person or program has changed may have lost its line ends, and gets them back.
  private static func pieces(_ text: [UInt8], _ coding: Envelope.BodyCoding) -> [ArraySlice<UInt8>] {
    if coding == .binary { return [text[...]] }
    var encoder = BodyEncoder()
    var trial = ByteQueue()
    let isClean = (try? encoder.encode(text.span, into: &trial)) != nil && (try? encoder.finish(into: &trial)) != nil
    if isClean { return [text[...]] }
    var message = LocalMessage(.fileOnly)
    message.take(text.span)
    message.finish()
    return [message.header(without: [])[...], [0x0d, 0x0a], message.body[...]]
  }
}
