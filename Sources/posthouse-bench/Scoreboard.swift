// SPDX-License-Identifier: Apache-2.0
import Varlink

/// What all trials came to: medians of each relay's rounds.
struct Scoreboard {
  private var samples: [Key: [Trial.Sample]] = [:]
  private(set) var workloads: [Workload] = []
  private(set) var names: [String] = []

  /// Whose lines come first, whoever ran first.
  private static let own = "posthouse"

  private struct Key: Hashable {
    let workload: Workload
    let name: String
  }

  /// Adds what one trial came to.
  mutating func add(_ sample: Trial.Sample, _ workload: Workload, _ name: String) {
    if !workloads.contains(workload) { workloads.append(workload) }
    if !names.contains(name) { names.insert(name, at: name == Scoreboard.own ? 0 : names.count) }
    samples[Key(workload: workload, name: name), default: []].append(sample)
  }

  /// One line of the table.
  struct Line {
    let name: String
    let rate: Double
    let cost: Double
    let latency: (median: Double, p99: Double)?
    let samples: [Trial.Sample]
  }

  /// The lines of a workload, in the order in which the relays were added.
  func lines(_ workload: Workload) -> [Line] {
    names.compactMap { name in
      guard let samples = samples[Key(workload: workload, name: name)], !samples.isEmpty else { return nil }
      let latencies = samples.compactMap(\.latency)
      return Line(
        name: name, rate: Statistics.median(samples.map(\.rate)), cost: Statistics.median(samples.map(\.cost)),
        latency: latencies.isEmpty
          ? nil
          : (
            Statistics.median(latencies.map { Double($0.median) }), Statistics.median(latencies.map { Double($0.p99) })
          ), samples: samples)
    }
  }

  /// All of it as JSON.
  var json: JSON {
    .array(
      workloads.flatMap { workload in
        lines(workload).map { line -> JSON in
          var object = JSONObject([
            "workload": .string(workload.name), "path": .string(workload.path.rawValue), "sessions": .integer(Int64(workload.sessions)),
            "sizeBytes": .integer(Int64(workload.size)), "loader": .string(workload.loader.rawValue),
            "upstreamConnections": .integer(Int64(workload.connections)), "upstreamDelayUSec": .integer(Int64(workload.delay * 1000)),
            "relay": .string(line.name), "messagesPerSec": .number(line.rate), "processorUSecPerMessage": .number(line.cost),
            "userUSecPerMessage": .number(Statistics.median(line.samples.map(\.userCost))),
            "rates": .array(line.samples.map { .number($0.rate) }), "costs": .array(line.samples.map { .number($0.cost) }),
          ])
          if let latency = line.latency {
            object["medianUSec"] = .number(latency.median)
            object["p99USec"] = .number(latency.p99)
          }
          return .object(object)
        }
      })
  }
}
