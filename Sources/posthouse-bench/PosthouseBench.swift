// SPDX-License-Identifier: Apache-2.0
import Glibc
import Harness
import LinuxSystem
import Timekeeping
import Varlink

/// Measures the daemon beside its peers: the same work in the same call, in turns, with medians and ratios.
///
/// A trial is one workload on one relay with a fresh spool; every round has one of each, so that whatever else the machine does strikes all
/// alike. Processor time counts every process of a relay. The programs beside this one are measured, so build them in release mode.
@main enum PosthouseBench {
  static func main() {
    do {
      let words = try Words(CommandLine.arguments.dropFirst())
      if words.wantsHelp { return print(Words.usage) }
      try run(words)
    } catch {
      print("posthouse-bench: \(error)")
      exit(1)
    }
  }

  private static func run(_ words: Words) throws {
    let ground = try Ground.measure()
    print(ground.text)
    let contestants = words.contestants.filter { contestant in
      guard let hindrance = contestant.hindrance else { return true }
      print("\(contestant.name) is left out: \(hindrance)")
      return false
    }
    var board = Scoreboard()
    for workload in words.workloads {
      for round in 1...words.rounds {
        for contestant in contestants {
          do {
            let sample = try Trial(workload: workload, contestant: contestant).run()
            board.add(sample, workload, contestant.name)
            print("\(workload.name) \(round)/\(words.rounds) \(contestant.name): \(sample.rate.text(0))/s, \(sample.cost.brief) us CPU")
          } catch {
            print("\(workload.name) \(round)/\(words.rounds) \(contestant.name) failed: \(error)")
          }
        }
      }
    }
    print()
    print(board.text)
    var figures: [Footprint.Figure] = []
    if words.measuresFootprint {
      figures = try Footprint(connections: words.connections, backlog: words.backlog).measure()
      print(TextTable(rows: figures.map { [$0.name, "", $0.value.brief, $0.unit] }).text)
    }
    guard let path = words.json else { return }
    try Files.write(JSON.object(report(ground, board, figures, words)).pretty + "\n", to: path)
    print("all of it as JSON: \(path)")
  }

  private static func report(_ ground: Ground, _ board: Scoreboard, _ figures: [Footprint.Figure], _ words: Words) -> JSONObject {
    JSONObject([
      "date": .string(CivilTime(SystemClock().wallTime).iso8601), "version": .string(Release.version),
      "command": .string(CommandLine.arguments.joined(separator: " ")), "rounds": .integer(Int64(words.rounds)),
      "machine": .object(Machine.facts), "ground": ground.json, "results": board.json,
      "figures": .array(
        figures.map { ["name": .string($0.name), "value": .number($0.value), "unit": .string($0.unit)] }),
    ])
  }
}
