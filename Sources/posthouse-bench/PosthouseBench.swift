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
      let report = try words.source.map { try Report(text: try Files.text(at: $0)) } ?? measure(words)
      print(report.tables)
      if let page = words.page { try report.write(into: page) }
    } catch {
      print("posthouse-bench: \(error)")
      exit(1)
    }
  }

  private static func measure(_ words: Words) throws -> Report {
    let begun = SystemClock()
    let (start, date) = (begun.moment, begun.wallTime)
    var ground = try Ground()
    let board = runTrials(words, &ground)
    let spool = runSpool(words)
    var figures: [Footprint.Figure] = []
    if words.measuresFootprint { figures = Footprint(connections: words.connections, backlog: words.backlog).measure() }
    let seconds = (SystemClock().moment - start).components.seconds
    let report = Report(
      JSONObject([
        "date": .string(CivilTime(date).iso8601), "version": .string(Release.version), "seconds": .integer(seconds),
        "command": .string((["posthouse-bench"] + CommandLine.arguments.dropFirst()).joined(separator: " ")),
        "rounds": .integer(Int64(words.rounds)), "machine": .object(Machine.facts), "ground": ground.json, "results": board.json,
        "spool": spool,
        "figures": .array(figures.map { ["name": .string($0.name), "value": .number($0.value), "unit": .string($0.unit)] }),
      ]))
    if let path = words.json {
      try Files.write(JSON.object(report.object).pretty + "\n", to: path)
      print("all of it as JSON: \(path)")
    }
    return report
  }

  /// Everything that goes through a relay.
  private static func runTrials(_ words: Words, _ ground: inout Ground) -> Scoreboard {
    let contestants = words.contestants.filter { contestant in
      guard let hindrance = contestant.hindrance else { return true }
      print("\(contestant.name) is left out: \(hindrance)")
      return false
    }
    var board = Scoreboard()
    for workload in words.workloads {
      for round in 1...words.rounds + (words.namesRelays ? 0 : Scope.more) {
        if workload.isAboutLatency { measure(&ground) }
        // Each begins once, so that none always comes behind the one that leaves most to be cleaned up.
        for contestant in contestants.indices.map({ contestants[($0 + round) % contestants.count] }) {
          let rounds = words.namesRelays ? words.rounds : contestant.scope.rounds(workload, of: words.rounds)
          guard round <= rounds else { continue }
          let what = "\(workload.name) \(round)/\(rounds) \(contestant.name)"
          do {
            Pause.untilDiskIsQuiet()
            let sample = try Trial(workload: workload, contestant: contestant).run()
            board.add(sample, workload, contestant.name)
            print("\(what): \(sample.rate.text(0))/s, \(sample.cost.brief) us CPU")
          } catch {
            print("\(what) failed: \(error)")
          }
        }
      }
    }
    return board
  }

  private static func measure(_ ground: inout Ground) {
    do { try ground.sample() } catch { print("what the machine can do at best could not be measured again: \(error)") }
  }

  /// The spool alone.
  private static func runSpool(_ words: Words) -> JSON {
    var lines: [JSON] = []
    for trial in words.spoolTrials {
      do {
        let samples = try (1...words.rounds).map { _ in try trial.run() }
        let (rate, bare) = (Statistics.median(samples.map(\.rate)), Statistics.median(samples.map(\.bareRate)))
        print("\(trial.name): \(rate.text(0))/s, bare \(bare.text(0))/s")
        lines.append([
          "name": .string(trial.name), "submitters": .integer(Int64(trial.submitters)), "sizeBytes": .integer(Int64(trial.size)),
          "messagesPerSec": .number(rate), "barePerSec": .number(bare), "batch": .number(Statistics.median(samples.map(\.batch))),
          "ratio": .number(Statistics.median(samples.map { $0.rate / $0.bareRate })),
        ])
      } catch {
        print("\(trial.name) failed: \(error)")
      }
    }
    return .array(lines)
  }
}
