// SPDX-License-Identifier: Apache-2.0
import Harness
import Varlink

/// What the machine can do at best, measured in the same call.
///
/// What one message of one app may take, a write with its sync and the round trips, varies with the minute as the relays do: it is measured
/// in each round beside them, and told as the median of its rounds.
struct Ground {
  /// Bytes a second of large synced writes.
  private let disk: Double
  /// Bytes a second from one process to another over loopback.
  private let loopback: Double
  /// One write of 1 KiB and one fdatasync, in microseconds.
  private var syncs: [Latency] = []
  /// What a message of one app that pipelines takes from MAIL to the last 250 where nothing is kept, in microseconds: its round trips.
  private var roundTrips: [Latency] = []

  private typealias Latency = (median: Int, p99: Int)

  /// Measures it.
  init() throws {
    var answer = JSONObject()
    try Rig.use { rig in answer = try Ground.disk(rig) }
    disk = Double(try answer.integer("sequentialBytesPerSec"))
    loopback = Double(try answer.integer("loopbackBytesPerSec"))
    try sample()
  }

  /// Measures once more what a message takes at least.
  mutating func sample() throws {
    try Rig.use { rig in
      let answer = try Ground.disk(rig)
      syncs.append((Int(try answer.integer("p50USec")), Int(try answer.integer("p99USec"))))
      roundTrips.append(try Ground.roundTrips(rig))
    }
  }

  private static func disk(_ rig: Rig) throws -> JSONObject {
    let process = try rig.run(
      try Environment.program("bench-peer"), ["disk", rig.directory.freshName("disk"), "--size", "1024", "--messages", "2000"],
      .in(.seconds(120)))
    guard let answer = try JSON(parsing: process.output.utf8.span).object else { throw HarnessFailure("bench-peer disk said nothing") }
    return answer
  }

  /// The upstream of the other measurements takes mail at once and keeps nothing; here it is handed in to it directly.
  private static func roundTrips(_ rig: Rig) throws -> Latency {
    let workload = Workload(path: .plain, sessions: 1, size: 1024, loader: .pipelined)
    let sink = try Sink(rig, .plain, delay: 0)
    _ = try Load(rig, workload, messages: 500, port: sink.destination.port)
    guard let latency = try Load(rig, workload, messages: 2000, port: sink.destination.port).latency else {
      throw HarnessFailure("our own loader measures each message")
    }
    return latency
  }

  private func typical(_ latencies: [Latency]) -> (median: Double, p99: Double) {
    (Statistics.median(latencies.map { Double($0.median) }), Statistics.median(latencies.map { Double($0.p99) }))
  }

  /// It as JSON.
  var json: JSON {
    let (sync, trips) = (typical(syncs), typical(roundTrips))
    return [
      "syncMedianUSec": .number(sync.median), "syncP99USec": .number(sync.p99), "sequentialBytesPerSec": .number(disk),
      "loopbackBytesPerSec": .number(loopback), "roundTripsMedianUSec": .number(trips.median), "roundTripsP99USec": .number(trips.p99),
    ]
  }

  /// It in words.
  var text: String {
    let (sync, trips) = (typical(syncs), typical(roundTrips))
    return "1 KiB write and fdatasync: median \(sync.median.text(0)) us, p99 \(sync.p99.text(0)) us; "
      + "sequential \(Int(disk / 1_048_576)) MiB/s; loopback \(Int(loopback / 1_048_576)) MiB/s; "
      + "round trips of a message: median \(trips.median.text(0)) us, p99 \(trips.p99.text(0)) us"
  }
}
