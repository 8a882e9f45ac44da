// SPDX-License-Identifier: Apache-2.0
import Harness
import Varlink

/// What the machine can do at best, measured in the same call.
///
/// It varies with the minute as the relays do: it is measured at the start and in each round of what is about one message's time, and told
/// as the median.
struct Ground {
  /// Each figure by its name, as often as it was measured.
  private var samples: [Figure: [Double]] = [:]

  /// What is measured; the raw values are names in JSON.
  enum Figure: String, CaseIterable {
    /// One write of 1 KiB and one fdatasync, one straight after the other.
    case syncMedian = "syncMedianUSec"
    case syncP99 = "syncP99USec"
    /// The same with a rest before each, as one app's messages come.
    case restedSyncMedian = "restedSyncMedianUSec"
    case restedSyncP99 = "restedSyncP99USec"
    /// Large synced writes into a new file, which has to be given its blocks and its place in the kernel's cache.
    case sequential = "sequentialBytesPerSec"
    /// The same over what is there already, on the disk and in the cache.
    case overwriting = "overwritingBytesPerSec"
    /// From one process to another.
    case loopback = "loopbackBytesPerSec"
    /// What a message of one app that pipelines takes from MAIL to the last 250 where nothing is kept.
    case roundTripsMedian = "roundTripsMedianUSec"
    case roundTripsP99 = "roundTripsP99USec"

    /// Those that our own peer measures by itself.
    fileprivate static let ofDiskAndLoopback = allCases.filter { $0 != .roundTripsMedian && $0 != .roundTripsP99 }
  }

  /// Measures it.
  init() throws { try sample() }

  /// Measures it once more.
  mutating func sample() throws {
    try Rig.use { rig in
      let process = try rig.run(
        try Environment.program("bench-peer"), ["disk", rig.directory.freshName("disk"), "--size", "1024", "--messages", "2000"],
        .in(.seconds(120)))
      guard let answer = try JSON(parsing: process.output.utf8.span).object else { throw HarnessFailure("bench-peer disk said nothing") }
      let trips = try Ground.roundTrips(rig)
      for figure in Figure.ofDiskAndLoopback { add(figure, try answer.integer(figure.rawValue)) }
      add(.roundTripsMedian, trips.median)
      add(.roundTripsP99, trips.p99)
    }
  }

  private mutating func add(_ figure: Figure, _ value: some BinaryInteger) { samples[figure, default: []].append(Double(value)) }

  /// The upstream of the other measurements takes mail at once and keeps nothing; here it is handed in to it directly.
  private static func roundTrips(_ rig: Rig) throws -> (median: Int, p99: Int) {
    let workload = Workload(path: .plain, sessions: 1, size: 1024, loader: .pipelined)
    let sink = try Sink(rig, .plain, delay: 0)
    _ = try Load(rig, workload, messages: 500, port: sink.destination.port)
    guard let latency = try Load(rig, workload, messages: 2000, port: sink.destination.port).latency else {
      throw HarnessFailure("our own loader measures each message")
    }
    return latency
  }

  /// It as JSON.
  var json: JSON {
    var object = JSONObject()
    for figure in Figure.allCases { object[figure.rawValue] = .number(Statistics.median(samples[figure] ?? [])) }
    return .object(object)
  }
}
