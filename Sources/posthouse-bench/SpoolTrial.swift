// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Harness
import LinuxSystem
import Mail
import Octets
import Spool
import Timekeeping
import Varlink

/// The spool alone, without a network: so many submitters hand in messages of one size, each the next when the last is durable; beside it
/// the bare writes and syncs of as large batches.
struct SpoolTrial {
  /// How many hand in at one time.
  let submitters: Int
  /// How large a body is.
  let size: Int

  /// What came of it.
  struct Sample {
    /// Messages a second through the spool, and through bare `pwritev` and `fdatasync`.
    let rate, bareRate: Double
    /// Messages for each sync.
    let batch: Double
  }

  /// What `make bench` measures.
  static let usual = [1024, 10_240, 1_048_576].flatMap { size in
    [1, 16, 64, 256].map { SpoolTrial(submitters: $0, size: size) }
  }

  /// Its name in tables.
  var name: String { "spool-\(submitters)x\(Workload.text(size: size))" }

  /// Enough for half a second or so.
  private var messages: Int {
    let fitting = size > 100_000 ? 192 : size > 4096 ? 6000 : 16_000
    return max(submitters, submitters == 1 ? fitting / 8 : fitting)
  }

  /// Runs it, and the bare writes behind it.
  func run() throws -> Sample {
    var sample: Sample?
    try Rig.use { rig in
      let directory = try rig.directory.makeDirectory("spool", mode: 0o700)
      let disk = try CountingDisk(at: directory)
      let answer = EventLoop.run(try EpollDriver()) { loop in await hand(messages, to: disk, loop) }
      let (seconds, syncs) = try answer.get()
      let batch = max(1, Double(messages) / Double(max(1, syncs)))
      let process = try rig.run(
        try Environment.program("bench-peer"),
        [
          "journal", rig.directory["journal"], "--size", "\(size)", "--messages", "\(messages)", "--sessions",
          "\(Int(batch.rounded()))",
        ], .in(.seconds(120)))
      guard let object = try JSON(parsing: process.output.utf8.span).object, case .number(let bare) = object["seconds"] else {
        throw HarnessFailure("bench-peer journal failed: \(process.errors)")
      }
      sample = Sample(rate: Double(messages) / seconds, bareRate: Double(messages) / bare, batch: batch)
    }
    guard let sample else { throw HarnessFailure("a trial that does not throw has a sample") }
    return sample
  }

  @Loop private func hand(
    _ messages: Int, to disk: CountingDisk, _ loop: EventLoop
  ) async -> Result<(seconds: Double, syncs: Int), HarnessFailure> {
    do {
      var limits = SpoolLimits()
      limits.reserve = ByteCount(bytes: 0)
      let spool = try await Spool.open(
        disk, limits: limits, journal: ThreadWorkers(loop, name: "journal", threads: 1),
        workers: ThreadWorkers(loop, name: "worker", threads: 2), loop: loop)
      // The first messages find segments being made ready.
      try await SpoolCrew(spool, loop, size: size, messages: submitters).work(submitters)
      let (begun, before) = (SystemClock().moment, disk.syncs)
      try await SpoolCrew(spool, loop, size: size, messages: messages).work(submitters)
      let seconds = Double((SystemClock().moment - begun).nanoseconds) / 1e9
      let syncs = disk.syncs - before
      _ = await spool.close(until: loop.moment + .seconds(30))
      return .success((seconds, syncs))
    } catch {
      return .failure(HarnessFailure("the spool failed: \(error)"))
    }
  }
}
