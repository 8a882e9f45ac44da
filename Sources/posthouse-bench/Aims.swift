// SPDX-License-Identifier: Apache-2.0
import Varlink

/// What the daemon is meant to reach, and how far it got in one run.
struct Aims {
  private let report: Report

  /// The aims in the light of a report.
  init(_ report: Report) { self.report = report }

  /// One aim.
  private struct Aim {
    let name: String
    let bound: Bound
    let value: Double?

    enum Bound {
      case atLeast(Double)
      case atMost(Double)
    }
  }

  /// Each aim with what was measured; those that this run did not measure are left out.
  var table: MarkdownTable {
    var table = MarkdownTable(["aim", "bound", "measured", ""], words: 1)
    for aim in all {
      guard let value = aim.value else { continue }
      switch aim.bound {
      case .atLeast(let least): table.add([aim.name, "≥ \(least.brief)", value.brief, value >= least ? "met" : "missed"])
      case .atMost(let most): table.add([aim.name, "≤ \(Aims.text(most))", Aims.text(value), value <= most ? "met" : "missed"])
      }
    }
    return table
  }

  private var all: [Aim] { speed + cost + place }

  private var speed: [Aim] {
    let latency = report.line("acceptance-1x1KiB-pipelined", "posthouse")?.number("p99USec")
    let own = latency.flatMap { latency in report.ground(.roundTripsMedian).map { latency - $0 } }
    let binding = [report.ground(.sequential), report.ground(.loopback)].compactMap { $0 }.min()
    let large = report.line("acceptance-10x1MiB", "posthouse")?.number("messagesPerSec")
    return [
      Aim(name: "acceptance by the bare ceiling", bound: .atLeast(0.8), value: rate("acceptance-50x1KiB", "ceiling")),
      Aim(name: "acceptance by Postfix", bound: .atLeast(20), value: rate("acceptance-50x1KiB", "postfix")),
      Aim(name: "end to end with TLS by the bare ceiling", bound: .atLeast(0.7), value: rate("secure-50x1KiB", "ceiling")),
      Aim(name: "end to end with TLS by Postfix", bound: .atLeast(18), value: rate("secure-50x1KiB", "postfix")),
      Aim(
        name: "p99 of one app that pipelines, less its round trips (median), by that of a bare write and sync", bound: .atMost(1.5),
        value: quotient(own, report.ground(.syncP99))),
      Aim(
        name: "the same, by that of a bare write and sync after a rest", bound: .atMost(1.5),
        value: quotient(own, report.ground(.restedSyncP99))),
      Aim(
        name: "1 MiB messages, by what the disk writes into a new file, or loopback carries", bound: .atLeast(0.7),
        value: quotient(large.map { $0 * 1_048_576 }, binding)),
    ]
  }

  private var cost: [Aim] {
    [
      Aim(name: "CPU for a message, acceptance, by the bare ceiling", bound: .atMost(1.5), value: cost("acceptance-50x1KiB", "ceiling")),
      Aim(name: "CPU for a message, acceptance, by Postfix", bound: .atMost(0.04), value: cost("acceptance-50x1KiB", "postfix")),
      Aim(name: "CPU for a message, end to end with TLS, by the ceiling", bound: .atMost(1.7), value: cost("secure-50x1KiB", "ceiling")),
      Aim(name: "CPU for a message, end to end with TLS, by Postfix", bound: .atMost(0.04), value: cost("secure-50x1KiB", "postfix")),
    ]
  }

  private var place: [Aim] {
    let drain = quotient(report.figure("rate of draining"), report.line("plain-50x1KiB", "posthouse")?.number("messagesPerSec"))
    return [
      Aim(name: "idle memory, proportional, MiB", bound: .atMost(6), value: report.figure("memory idle, fresh (proportional)")),
      Aim(name: "memory for an idle connection, B", bound: .atMost(8192), value: report.figure("memory for each of")),
      Aim(
        name: "memory for a queued message, B", bound: .atMost(100),
        value: report.figure("memory for each queued message, after a restart")),
      Aim(
        name: "start with the backlog to the greeting, s", bound: .atMost(1), value: report.figure("start with the backlog to the greeting")
      ),
      Aim(
        name: "start with the backlog to the first delivery, s", bound: .atMost(2),
        value: report.figure("start with the backlog to the first delivery")),
      Aim(name: "rate of draining by the end-to-end rate in clear", bound: .atLeast(0.8), value: drain),
    ]
  }

  private func rate(_ workload: String, _ relay: String) -> Double? {
    quotient(
      report.line(workload, "posthouse")?.number("messagesPerSec"), report.line(workload, relay)?.number("messagesPerSec"))
  }

  private func cost(_ workload: String, _ relay: String) -> Double? {
    quotient(
      report.line(workload, "posthouse")?.number("processorUSecPerMessage"),
      report.line(workload, relay)?.number("processorUSecPerMessage"))
  }

  private func quotient(_ figure: Double?, _ other: Double?) -> Double? {
    guard let figure, let other, other > 0 else { return nil }
    return figure / other
  }

  private static func text(_ value: Double) -> String { value < 0.1 ? value.text(3) : value.brief }
}
