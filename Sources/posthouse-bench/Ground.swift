// SPDX-License-Identifier: Apache-2.0
import Harness
import Varlink

/// What the machine can do at best, measured in the same call.
struct Ground {
  /// One write of 1 KiB and one fdatasync, in microseconds.
  let sync: (median: Int, p99: Int)
  /// Bytes a second of large synced writes.
  let disk: Double
  /// Bytes a second from one process to another over loopback.
  let loopback: Double
  /// What a message of one app that pipelines takes from MAIL to the last 250 where nothing is kept, in microseconds: its round trips.
  let roundTrips: (median: Int, p99: Int)

  /// Measures it.
  static func measure() throws -> Ground {
    var ground: Ground?
    try Rig.use { rig in
      let process = try rig.run(
        try Environment.program("bench-peer"), ["disk", rig.directory["disk"], "--size", "1024", "--messages", "2000"], .in(.seconds(120)))
      guard let answer = try JSON(parsing: process.output.utf8.span).object else { throw HarnessFailure("bench-peer disk said nothing") }
      let roundTrips = try roundTrips(rig)
      ground = Ground(
        sync: (Int(try answer.integer("p50USec")), Int(try answer.integer("p99USec"))),
        disk: Double(try answer.integer("sequentialBytesPerSec")), loopback: Double(try answer.integer("loopbackBytesPerSec")),
        roundTrips: roundTrips)
    }
    guard let ground else { throw HarnessFailure("a measurement that does not throw has a result") }
    return ground
  }

  /// The upstream of the other measurements takes mail at once and keeps nothing; here it is handed in to it directly.
  private static func roundTrips(_ rig: Rig) throws -> (median: Int, p99: Int) {
    let workload = Workload(path: .plain, sessions: 1, size: 1024, loader: .pipelined)
    let sink = try Sink(rig, .plain, delay: 0)
    _ = try Load(rig, workload, messages: 500, port: sink.destination.port)
    guard let latency = try Load(rig, workload, messages: 4000, port: sink.destination.port).latency else {
      throw HarnessFailure("our own loader measures each message")
    }
    return latency
  }

  /// It as JSON.
  var json: JSON {
    [
      "syncMedianUSec": .integer(Int64(sync.median)), "syncP99USec": .integer(Int64(sync.p99)),
      "sequentialBytesPerSec": .integer(Int64(disk)), "loopbackBytesPerSec": .integer(Int64(loopback)),
      "roundTripsMedianUSec": .integer(Int64(roundTrips.median)), "roundTripsP99USec": .integer(Int64(roundTrips.p99)),
    ]
  }

  /// It in words.
  var text: String {
    "1 KiB write and fdatasync: median \(sync.median) us, p99 \(sync.p99) us; sequential \(Int(disk / 1_048_576)) MiB/s; "
      + "loopback \(Int(loopback / 1_048_576)) MiB/s; round trips of a message: median \(roundTrips.median) us, p99 \(roundTrips.p99) us"
  }
}
