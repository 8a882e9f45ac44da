// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Mail
internal import Settings
internal import Spool
internal import Timekeeping
internal import Varlink

/// `posthouse spool …`: looks into a spool without the daemon, saves mail out of it, and puts saved mail back through the daemon.
///
/// Nothing here writes into a spool. While a daemon has it open, it may be looked at all the same; what changes meanwhile may look
/// damaged.
struct SpoolCommand {
  private let invocation: Invocation

  init(_ invocation: Invocation) { self.invocation = invocation }

  /// What can be done.
  enum Action: Equatable {
    /// Read every byte, and tell what is damaged.
    case verify
    /// List the messages.
    case list
    /// Save the messages into a directory.
    case export(to: String)
    /// Hand saved messages to the daemon.
    case restore(from: String)
  }

  func run(_ action: Action) throws(CommandFailure) -> ExitCode {
    switch action {
    case .verify: try verify()
    case .list: try list()
    case .export(let directory): try SpoolExport(try source(.quick), to: directory, wantsJSON: invocation.wantsJSON).run()
    case .restore(let directory): try SpoolImport(invocation, from: directory).run()
    }
  }

  /// A spool that is open for reading.
  struct Source {
    let path: String
    let spool: OfflineSpool
    let setAside: Int
  }

  private func verify() throws(CommandFailure) -> ExitCode {
    let source = try source(.thorough)
    let findings = source.spool.findings
    if invocation.wantsJSON {
      let json = JSONObject([
        "directory": .string(source.path), "valid": .boolean(findings.damages.isEmpty), "segments": .count(findings.segments),
        "records": .count(findings.records), "messages": .count(findings.messages), "endsTorn": .boolean(findings.endsTorn),
        "damages": .array(findings.damages.map { .string($0) }), "setAside": .count(source.setAside),
      ])
      Output.show(JSON.object(json).pretty)
    } else {
      for damage in findings.damages { Output.show("DAMAGED  \(damage.shown)") }
      if findings.endsTorn {
        Output.show("NOTE     the journal ends in a batch that was never acknowledged, as after a crash; nothing is lost")
      }
      if source.setAside > 0 {
        let pieces = HumanText.count(source.setAside, "piece")
        Output.show("NOTE     \(pieces) that a start of the daemon found damaged lie in \"\(source.path.shown)/corrupt\"")
      }
      let counts = [(findings.segments, "segment"), (findings.records, "record"), (findings.messages, "message")]
      let words = counts.map { HumanText.count($0.0, $0.1) }.joined(separator: ", ")
      let verdict = findings.damages.isEmpty ? "good" : HumanText.count(findings.damages.count, "damaged place")
      Output.show("\(source.path.shown): \(verdict) (\(words))")
    }
    return findings.damages.isEmpty ? .success : .problem
  }

  private func list() throws(CommandFailure) -> ExitCode {
    let source = try source(.quick)
    var report = QueueReport(HumanText(now: SystemClock().wallTime.microseconds))
    var isFirst = true
    let failures = SpoolCommand.forEachMessage(of: source.spool) { letter in
      let message = QueuedMessage(letter)
      if invocation.wantsJSON {
        Output.show("\(isFirst ? "[" : ",")\n\(JSON.object(message.json).pretty)")
        isFirst = false
      } else {
        report.add(message)
        if report.isLong { Output.show(report.takeLines().joined(separator: "\n")) }
      }
    }
    if invocation.wantsJSON {
      Output.show(isFirst ? "[]" : "]")
    } else {
      Output.show((report.takeLines() + [report.summary()]).joined(separator: "\n"))
    }
    return SpoolCommand.complain(source.spool.findings.damages + failures)
  }

  /// Calls `body` with every message, without its text; answers what could not be read.
  private static func forEachMessage(of spool: OfflineSpool, _ body: (StoredLetter) -> Void) -> [String] {
    var failures: [String] = []
    spool.forEachEntry { entry in
      do throws(SpoolFailure) { body(try spool.outline(entry.id)) } catch { failures.append("\(error)") }
      return true
    }
    return failures
  }

  /// Tells of damages on standard error; answers whether there are any.
  static func complain(_ damages: [String]) -> ExitCode {
    for damage in damages { Output.complain("posthouse: \(damage.shown)") }
    return damages.isEmpty ? .success : .problem
  }

  /// Opens the spool that the command line names, or that of the configuration.
  private func source(_ care: OfflineSpool.Care) throws(CommandFailure) -> Source {
    let path: String
    if let named = invocation.spool { path = named } else { path = try CommandContext(invocation).knownSettings().spool.directory.path }
    let remedy = "name the spool's directory with --spool"
    let names: [String]
    let disk: LinuxDisk
    do throws(SystemFailure) {
      disk = try LinuxDisk(at: path)
      names = try disk.names(in: "")
    } catch { throw CommandFailure(error, remedy: remedy) }
    guard names.contains("journal") else {
      throw CommandFailure(.problem, "\"\(path.shown)\" is no spool: there is no directory \"journal\" in it; \(remedy)")
    }
    if let process = SpoolHolder.process(of: path) {
      Output.complain("posthouse: process \(process) has this spool open; what it changes meanwhile may look damaged")
    }
    do throws(SpoolFailure) {
      let setAside = names.contains("corrupt") ? (try? disk.names(in: "corrupt").count { $0.hasSuffix(".bin") }) ?? 0 : 0
      return Source(path: path, spool: try OfflineSpool(disk, care), setAside: setAside)
    } catch {
      if case .system(let failure) = error { throw CommandFailure(failure, remedy: remedy) }
      throw CommandFailure(.problem, "\(error)")
    }
  }
}
