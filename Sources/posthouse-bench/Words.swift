// SPDX-License-Identifier: Apache-2.0
import Harness

/// What the command line asks for.
struct Words {
  /// Whether only the usage is wanted.
  private(set) var wantsHelp = false
  /// How often each trial is run.
  private(set) var rounds = 3
  /// Where the JSON goes.
  private(set) var json: String?
  /// What is measured.
  private(set) var workloads = Workload.usual
  /// Who is measured.
  private(set) var contestants: [any Contestant] = Words.everybody
  /// The spool's own measurements.
  private(set) var spoolTrials = SpoolTrial.usual
  /// Whether memory and the way back from an outage are measured.
  private(set) var measuresFootprint = true
  /// Whether the relays were named, so that each runs everything.
  private(set) var namesRelays = false
  /// The page whose tables are written anew.
  private(set) var page: String?
  /// Where figures come from when nothing is to be measured.
  private(set) var source: String?
  /// How many idle connections that takes.
  private(set) var connections = 10_000
  /// How many messages that takes.
  private(set) var backlog = 1_000_000

  static let usage = """
    posthouse-bench [--rounds N] [--only PART[,PART…]] [--relays NAME[,NAME…]] [--backlog N] [--connections N] [--json FILE] [--page FILE]
    posthouse-bench --from FILE [--page FILE]

    --only    what has one of the parts in its name; "spool" for the spool alone, "footprint" for memory, start-up and draining
    --relays  \(everybody.map(\.name).joined(separator: ", ")); without it, some run only a part
    --page    writes the tables into a page, between its marks
    --from    measures nothing, and takes the figures of an earlier run

    Workloads:
    \((Workload.usual.map(\.name) + SpoolTrial.usual.map(\.name)).map { "  " + $0 }.joined(separator: "\n"))
    """

  private static let everybody: [any Contestant] = [Posthouse(), BareCeiling(), Postfix(), OpenSMTPD(), Exim()]

  init(_ words: ArraySlice<String>) throws {
    var words = words
    func number(_ word: String) throws -> Int {
      guard let text = words.popFirst(), let number = Int(text), number > 0 else { throw HarnessFailure("\(word) needs a number above 0") }
      return number
    }
    func parts(_ word: String) throws -> [String] {
      guard let text = words.popFirst() else { throw HarnessFailure("\(word) needs names") }
      return text.split(separator: ",").map(String.init)
    }
    while let word = words.popFirst() {
      switch word {
      case "--help", "-h": wantsHelp = true
      case "--rounds": rounds = try number(word)
      case "--backlog": backlog = try number(word)
      case "--connections": connections = try number(word)
      case "--json": json = words.popFirst()
      case "--page": page = words.popFirst()
      case "--from": source = words.popFirst()
      case "--only":
        let wanted = try parts(word)
        workloads = Workload.usual.filter { workload in wanted.contains { workload.name.contains($0) } }
        spoolTrials = SpoolTrial.usual.filter { trial in wanted.contains { trial.name.contains($0) } }
        measuresFootprint = wanted.contains("footprint")
      case "--relays":
        let wanted = try parts(word)
        namesRelays = true
        contestants = Words.everybody.filter { wanted.contains($0.name) }
      default: throw HarnessFailure("\"\(word)\" is not known; posthouse-bench --help shows what is")
      }
    }
  }
}
