// SPDX-License-Identifier: Apache-2.0
import Varlink

/// The tables of a report; ratios are the daemon's figure by the other's.
extension Report {
  /// What the relays are measured against.
  var machine: MarkdownTable {
    var table = MarkdownTable(["what", "median", "p99", "unit"], words: 1)
    func add(_ what: String, _ median: Ground.Figure, _ p99: Ground.Figure?) {
      guard let value = ground(median) else { return }
      let isRate = p99 == nil
      table.add([
        what, (isRate ? value / 1_048_576 : value).text(0), p99.flatMap(ground)?.text(0) ?? "", isRate ? "MiB/s" : "µs",
      ])
    }
    add("1 KiB `pwrite` and `fdatasync`, one straight after the other", .syncMedian, .syncP99)
    add("the same after a rest, as one app's messages come", .restedSyncMedian, .restedSyncP99)
    add("the round trips of one app's message, handed to the upstream itself, which keeps nothing", .roundTripsMedian, .roundTripsP99)
    add("1 MiB writes, a sync for each 8, into a new file", .sequential, nil)
    add("the same over what is there already, on the disk and in the kernel's cache", .overwriting, nil)
    add("loopback, from one process to another", .loopback, nil)
    return table
  }

  /// What every relay ran.
  var peers: MarkdownTable {
    var table = MarkdownTable(["workload", "relay", "messages/s", "ratio", "CPU µs/message", "in user mode", "ratio"], words: 2)
    for workload in Workload.usual where workload.isCentral {
      let own = line(workload.name, "posthouse")
      for line in results where line.text("workload") == workload.name {
        table.add([
          workload.name, line.text("relay"), (line.number("messagesPerSec") ?? 0).text(0), ratio("messagesPerSec", own, line),
          (line.number("processorUSecPerMessage") ?? 0).text(1), (line.number("userUSecPerMessage") ?? 0).text(1),
          ratio("processorUSecPerMessage", own, line),
        ])
      }
    }
    return table
  }

  /// All sizes and numbers of apps.
  var grid: MarkdownTable {
    var table = MarkdownTable(
      [
        "workload", "messages/s", "MiB/s", "ceiling/s", "ratio", "CPU µs", "ceiling's", "ratio", "postfix/s", "ratio",
      ], words: 1)
    for workload in Workload.usual where workload.loader == .smtpSource && workload.delay == 0 {
      guard let own = line(workload.name, "posthouse"), let rate = own.number("messagesPerSec") else { continue }
      let (bare, postfix) = (line(workload.name, "ceiling"), line(workload.name, "postfix"))
      func shown(_ line: JSONObject?, _ name: String, _ decimals: Int) -> String { line?.number(name)?.text(decimals) ?? "" }
      table.add([
        workload.name, rate.text(0), (rate * Double(workload.size) / 1_048_576).brief, shown(bare, "messagesPerSec", 0),
        ratio("messagesPerSec", own, bare), shown(own, "processorUSecPerMessage", 1), shown(bare, "processorUSecPerMessage", 1),
        ratio("processorUSecPerMessage", own, bare), shown(postfix, "messagesPerSec", 0), ratio("messagesPerSec", own, postfix),
      ])
    }
    return table
  }

  /// What only our own loader or a slow upstream shows.
  var special: MarkdownTable {
    var table = MarkdownTable(["workload", "relay", "messages/s", "ratio", "CPU µs/message", "ratio", "p50 µs", "p99 µs"], words: 2)
    for workload in Workload.usual where workload.loader != .smtpSource || workload.delay > 0 {
      let own = line(workload.name, "posthouse")
      for line in results where line.text("workload") == workload.name {
        table.add([
          workload.name, line.text("relay"), (line.number("messagesPerSec") ?? 0).text(0), ratio("messagesPerSec", own, line),
          (line.number("processorUSecPerMessage") ?? 0).text(1), ratio("processorUSecPerMessage", own, line),
          line.number("medianUSec")?.text(0) ?? "", line.number("p99USec")?.text(0) ?? "",
        ])
      }
    }
    return table
  }

  /// The spool beside bare writes.
  var spool: MarkdownTable {
    var table = MarkdownTable(["submitters x size", "messages/s", "MiB/s", "messages a sync", "bare/s", "ratio"], words: 1)
    for line in objects("spool") {
      let rate = line.number("messagesPerSec") ?? 0
      table.add([
        line.text("name"), rate.text(0), (rate * (line.number("sizeBytes") ?? 0) / 1_048_576).brief, (line.number("batch") ?? 0).text(1),
        (line.number("barePerSec") ?? 0).text(0), (line.number("ratio") ?? 0).text(2),
      ])
    }
    return table
  }

  /// Memory, start-up and draining.
  var footprint: MarkdownTable {
    var table = MarkdownTable(["what", "figure", "unit"], words: 1)
    for figure in objects("figures") { table.add([figure.text("name"), (figure.number("value") ?? 0).brief, figure.text("unit")]) }
    return table
  }

  /// The daemon's figure by another relay's; nothing for its own.
  private func ratio(_ name: String, _ own: JSONObject?, _ other: JSONObject?) -> String {
    guard let own, let other, own.text("relay") != other.text("relay") else { return "" }
    guard let figure = own.number(name), let its = other.number(name), its > 0 else { return "" }
    let ratio = figure / its
    return ratio < 0.1 ? ratio.text(3) : ratio.text(2)
  }
}
