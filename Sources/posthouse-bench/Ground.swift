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

  /// Measures it.
  static func measure() throws -> Ground {
    var ground: Ground?
    try Rig.use { rig in
      let process = try rig.run(
        try Environment.program("bench-peer"), ["disk", rig.directory["disk"], "--size", "1024", "--messages", "2000"], .in(.seconds(120)))
      guard let answer = try JSON(parsing: process.output.utf8.span).object else { throw HarnessFailure("bench-peer disk said nothing") }
      ground = Ground(
        sync: (Int(try answer.integer("p50USec")), Int(try answer.integer("p99USec"))),
        disk: Double(try answer.integer("sequentialBytesPerSec")), loopback: Double(try answer.integer("loopbackBytesPerSec")))
    }
    guard let ground else { throw HarnessFailure("a measurement that does not throw has a result") }
    return ground
  }

  /// It as JSON.
  var json: JSON {
    [
      "syncMedianUSec": .integer(Int64(sync.median)), "syncP99USec": .integer(Int64(sync.p99)),
      "sequentialBytesPerSec": .integer(Int64(disk)), "loopbackBytesPerSec": .integer(Int64(loopback)),
    ]
  }

  /// It in words.
  var text: String {
    "1 KiB write and fdatasync: median \(sync.median) us, p99 \(sync.p99) us; sequential \(Int(disk / 1_048_576)) MiB/s; "
      + "loopback \(Int(loopback / 1_048_576)) MiB/s"
  }
}
