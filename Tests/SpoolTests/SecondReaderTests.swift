// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Foundation
import LinuxSystem
import Mail
import Octets
import Simulation
import Testing
import Timekeeping

@testable import Spool

@Suite struct SecondReaderTests {
  @Test func `a reader written from the format's page alone sees what the spool sees`() throws {
    let directory = try #require(TemporaryDirectory())
    let disk = try LinuxDisk(at: directory.path)
    let expected = Slot<[[String: String]]>()
    var limits = SpoolLimits.small
    limits.segmentSize = .kibibytes(32)
    SpoolLife.run(disk, limits) { spool, loop in
      var generator = SeededGenerator(seed: 77)
      var ids: [MessageID] = []
      for step in 0..<300 {
        let id = spool.nextID()
        var letter = Letter.sample(id, to: (0...step % 4).map { "r\($0)@example.net" }, at: loop.wallTime)
        let body = [UInt8](repeating: UInt8(step % 90) + 33, count: Int.random(in: 0...(step % 17 == 0 ? 6000 : 1200), using: &generator))
        letter.envelope.sender = step % 5 == 0 ? nil : letter.envelope.sender
        letter.envelope.recipients[0].notify = step % 3 == 0 ? [.failure] : nil
        letter.envelope.recipients[0].original = step % 7 == 0 ? "rfc822;x" : nil
        letter.envelope.submitter.unit = step % 2 == 0 ? "app.service" : nil
        letter.body = (try? await spool.takeIn(body, as: id, pieces: 700)) ?? .memory([])
        #expect(await spool.attempt(letter) == nil)
        ids.append(id)
        for _ in 0..<(step > 200 ? 3 : 0) {
          let passing = spool.nextID()
          #expect(await spool.attempt(.sample(passing, body: body.count > 2000 ? [] : body)) == nil)
          spool.settle(passing, [(0, .sample(.delivered))], nextAttempt: loop.wallTime)
        }
        if step % 10 != 0, let victim = ids.randomElement(using: &generator) {
          spool.settle(
            victim, [(step % 2, .sample([.delivered, .deferred, .failed][step % 3], "step \(step)"))],
            nextAttempt: loop.wallTime + .seconds(60))
        }
        if step % 9 == 0, let victim = ids.randomElement(using: &generator) {
          let order: QueueOrder = [.hold, .remove, .retry(loop.wallTime)][step % 3]
          _ = try? await spool.change([victim], order)
        }
      }
      #expect(await spool.close())
      #expect(spool.journal.book.moved > 0)
      var lines: [[String: String]] = []
      for id in ids {
        guard let entry = spool.entry(id), let stored = await spool.attemptRead(id), let bytes = await spool.bytes(of: stored) else {
          continue
        }
        lines.append(SecondReaderTests.line(entry, stored, bytes))
      }
      expected.value = lines
    }
    let seen = try secondReader(directory.path)
    #expect(seen.count > 100)
    #expect(seen == expected.value)
  }

  private static func line(_ entry: QueueEntry, _ stored: StoredLetter, _ bytes: [UInt8]) -> [String: String] {
    let recipients = stored.envelope.recipients.indices.map { place in
      let recipient = stored.envelope.recipients[place]
      let outcome = stored.outcomes[place].map { "\($0.verdict) \($0.reason.code) \($0.reason.status) \($0.reason.text)" } ?? "-"
      return "\(recipient.mailbox) \(recipient.notify.map { "\($0.rawValue)" } ?? "-") \(recipient.original ?? "-") \(outcome)"
    }
    return [
      "id": "\(stored.id)", "state": "\(stored.state)", "attempts": "\(stored.attempts)", "due": "\(stored.nextAttempt.microseconds)",
      "accepted": "\(stored.envelope.accepted.microseconds)", "size": "\(bytes.count)", "sender": stored.envelope.sender?.text ?? "-",
      "unit": stored.envelope.submitter.unit ?? "-", "recipients": recipients.joined(separator: "; "), "body": "\(CRC32C.of(bytes.span))",
    ]
  }

  private func secondReader(_ directory: String) throws -> [[String: String]] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/spool_reader.py", directory]
    let (output, problems) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, problems)
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let words = String(decoding: problems.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && words == "")
    return try text.split(separator: 10).map { line in
      let object = try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
      func value(_ object: [String: Any], _ name: String) -> String {
        guard let value = object[name], !(value is NSNull) else { return "-" }
        return "\(value)"
      }
      let recipients = (object["recipients"] as? [[String: Any]] ?? []).map { recipient in
        let outcome = (recipient["outcome"] as? [String: Any]).map { outcome in
          ["verdict", "code", "status", "text"].map { value(outcome, $0) }.joined(separator: " ")
        }
        return "\(value(recipient, "address")) \(value(recipient, "notify")) \(value(recipient, "original")) \(outcome ?? "-")"
      }
      var line = ["recipients": recipients.joined(separator: "; ")]
      for name in ["id", "state", "attempts", "due", "accepted", "size", "sender", "unit", "body"] { line[name] = value(object, name) }
      return line
    }
  }
}
