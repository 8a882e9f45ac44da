// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Mail
import Octets
import Simulation
import Timekeeping

@testable import Spool

/// One life of a spool under a simulated loop: from opening it to the end of `body`.
enum SpoolLife {
  /// Opens the spool on `disk` and does `body` with it; answers why it could not be opened, if so.
  @discardableResult static func run(
    _ disk: any Disk, _ limits: SpoolLimits = .small, clock: VirtualClock = VirtualClock(), seed: UInt64 = 1,
    _ body: @escaping @Sendable @Loop (Spool, EventLoop) async -> Void
  ) -> SpoolFailure? {
    let failure = Slot<SpoolFailure>()
    EventLoop.run(SimulatedDriver(clock)) { loop in
      let journal = SimulatedWorkers(loop, latency: .microseconds(80))
      let workers = SimulatedWorkers(loop, latency: .microseconds(200))
      do throws(SpoolFailure) {
        let spool = try await Spool.open(
          disk, limits: limits, journal: journal, workers: workers, loop: loop, random: SeededGenerator(seed: seed))
        await body(spool, loop)
      } catch { failure.value = error }
    }
    return failure.value
  }
}

/// Carries one value out of a loop; unchecked, because the test reads it only after the loop has ended.
final class Slot<Value>: @unchecked Sendable {
  var value: Value?
}

extension SpoolLimits {
  /// Segments of 64 KiB and bodies in files from 2 KiB on, so that a test sees everything happen.
  static var small: SpoolLimits {
    var limits = SpoolLimits()
    limits.segmentSize = .kibibytes(64)
    limits.inlineBody = .kibibytes(2)
    limits.reserve = ByteCount(bytes: 0)
    return limits
  }
}

extension Letter {
  /// A letter for tests.
  static func sample(
    _ id: MessageID, to recipients: [String] = ["b@example.net"], body: [UInt8] = Array("Subject: x\r\n\r\nHello\r\n".utf8),
    at time: WallTime = WallTime(microseconds: 1_800_000_000_000_000)
  ) -> Letter {
    let envelope = Envelope(
      sender: Mailbox(verifiedLocalPart: "a", domain: "example.com"),
      recipients: recipients.map { address in
        let parts = address.split(separator: "@")
        return Recipient(Mailbox(verifiedLocalPart: String(parts[0]), domain: String(parts[1])))
      }, submitter: Submitter(peer: "127.0.0.1:5000", greeting: "app"), accepted: time)
    return Letter(id: id, envelope: envelope, body: .memory(body))
  }
}

extension Outcome {
  static func sample(_ verdict: Verdict, _ text: String = "words") -> Outcome {
    Outcome(verdict, Reason(code: verdict == .delivered ? 250 : 451, status: "4.7.1", text: text))
  }
}

extension Spool {
  /// Accepts a letter; answers the refusal.
  func attempt(_ letter: Letter) async -> SpoolRefusal? {
    do throws(SpoolRefusal) {
      try await accept(letter)
      return nil
    } catch { return error }
  }

  /// Reads a message; nil when that fails.
  func attemptRead(_ id: MessageID) async -> StoredLetter? {
    do throws(SpoolFailure) { return try await read(id) } catch { return nil }
  }

  /// The bytes of a letter's body, wherever they are.
  func bytes(of letter: StoredLetter) async -> [UInt8]? {
    switch letter.body {
    case .memory(let bytes): return bytes
    case .file(let file):
      let reader = read(body: file, of: letter.id)
      var bytes: [UInt8] = []
      do throws(SpoolFailure) {
        while let piece = try await reader.next() { bytes += piece }
        return bytes
      } catch { return nil }
    }
  }

  /// Takes in a body the way a session does.
  func takeIn(_ bytes: [UInt8], as id: MessageID, pieces: Int) async throws(SpoolRefusal) -> LetterBody {
    let intake = beginBody(of: id)
    var offset = 0
    do throws(SpoolRefusal) {
      while offset < bytes.count {
        let end = min(bytes.count, offset + pieces)
        intake.append(bytes.span.extracting(offset..<end))
        offset = end
        if intake.needsDrain { try await intake.drain() }
      }
      return try await intake.finish()
    } catch {
      intake.discard()
      throw error
    }
  }
}
