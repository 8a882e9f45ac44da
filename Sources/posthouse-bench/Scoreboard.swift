// SPDX-License-Identifier: Apache-2.0
import Varlink

/// What all trials came to: medians, and how the daemon stands beside the others.
struct Scoreboard {
  private var samples: [Key: [Trial.Sample]] = [:]
  private(set) var workloads: [Workload] = []
  private(set) var names: [String] = []

  private struct Key: Hashable {
    let workload: Workload
    let name: String
  }

  /// Adds what one trial came to.
  mutating func add(_ sample: Trial.Sample, _ workload: Workload, _ name: String) {
    if !workloads.contains(workload) { workloads.append(workload) }
    if !names.contains(name) { names.append(name) }
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

  /// The table; ratios are the daemon's figure by the other's.
  var text: String {
    var rows = [["workload", "relay", "messages/s", "ratio", "CPU us/message", "ratio", "p50 us", "p99 us"]]
    for workload in workloads {
      let lines = lines(workload)
      let own = lines.first { $0.name == "posthouse" }
      for line in lines {
        let isOwn = line.name == own?.name
        rows.append([
          workload.name, line.name, line.rate.text(0), isOwn ? "" : own.map { ($0.rate / line.rate).brief } ?? "", line.cost.brief,
          isOwn ? "" : own.map { ($0.cost / line.cost).text(3) } ?? "", line.latency.map { $0.median.text(0) } ?? "",
          line.latency.map { $0.p99.text(0) } ?? "",
        ])
      }
    }
    return TextTable(rows: rows).text
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

/// Rows of words in columns, words to the left and numbers to the right.
struct TextTable {
  let rows: [[String]]

  /// The rows on lines of their own.
  var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let blank = String(repeating: " ", count: widths[column] - cell.count)
        return column < 2 ? cell + blank : blank + cell
      }
      return cells.joined(separator: "  ") + "\n"
    }.joined()
  }
}
