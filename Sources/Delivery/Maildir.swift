// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Mail
import Octets
import SMTP
import Spool
import Timekeeping

/// The capture upstream: a directory that takes every message, so that everything can be tried without an account anywhere.
///
/// It is a Maildir (`tmp`, `new`, `cur`), readable by any mail program. A message is written to `tmp`, synced and moved to `new`; the
/// envelope stands on top in `Return-Path:` and one `Delivered-To:` for each recipient.
struct Maildir: Carrier {
  private let directory: String
  private let loop: EventLoop
  private let workers: any Workers

  /// Captures into `directory`, which is made when the first message comes.
  init(at directory: String, _ loop: EventLoop, _ workers: any Workers) {
    self.directory = directory
    self.loop = loop
    self.workers = workers
  }

  @Loop consuming func serve(_ desk: LinkDesk) async {
    while let consignment = await desk.next() {
      var report = TransactionReport()
      do throws(SpoolFailure) {
        report.decide(consignment.candidates, try await store(consignment))
      } catch {
        let reason = Outcome.Reason(code: 0, status: "4.3.0", text: "the message cannot be read back: \(error)")
        report.decide(consignment.candidates, Outcome(.deferred, reason))
      }
      desk.finish(consignment, report)
    }
  }

  @Loop private func store(_ consignment: Consignment) async throws(SpoolFailure) -> Outcome {
    var pieces = [Maildir.head(consignment)]
    var content = consignment.content()
    while let piece = try await content.next() { pieces.append(piece) }
    let name = "\(loop.wallTime.microseconds / 1_000_000).\(consignment.id).posthouse"
    let failure = await workers.perform(loop) { [directory, pieces] in Maildir.write(pieces, as: name, into: directory) }
    guard let failure else { return Outcome(.delivered, Outcome.Reason(code: 250, status: "2.0.0", text: "captured as new/\(name)")) }
    return Outcome(.deferred, Outcome.Reason(code: 0, status: "4.3.0", text: "the capture directory refuses: \(failure)"))
  }

  private static func head(_ consignment: Consignment) -> [UInt8] {
    var head = "Return-Path: <\(consignment.envelope.sender?.text ?? "")>\r\n"
    for index in consignment.candidates { head += "Delivered-To: \(consignment.envelope.recipients[index].mailbox.text)\r\n" }
    return Array(head.utf8)
  }

  /// Runs on a worker; nil when all went well.
  private nonisolated static func write(_ pieces: [[UInt8]], as name: String, into directory: String) -> SystemFailure? {
    do throws(SystemFailure) {
      let disk = try LinuxDisk.makingDirectory(at: directory)
      for folder in ["tmp", "new", "cur"] { try disk.makeDirectory(folder) }
      let file = try disk.open("tmp/\(name)", .create)
      try file.write(pieces, at: 0)
      try file.sync()
      try disk.rename("tmp/\(name)", to: "new/\(name)")
      try disk.syncDirectory("new")
      return nil
    } catch {
      return error
    }
  }
}
