// SPDX-License-Identifier: Apache-2.0
internal import Varlink

/// A status in words: first what is wrong with its remedy, then what should worry, then how things are.
struct StatusReport {
  private let status: RelayStatus
  private let human: HumanText

  init(_ status: RelayStatus, _ human: HumanText) {
    self.status = status
    self.human = human
  }

  /// The report, line by line.
  var lines: [String] {
    let faults = problems.map { "PROBLEM  \($0)" } + worries.map { "WARNING  \($0)" }
    let head =
      "posthoused \(status.version.shown) on \(status.hostname.shown): \(status.state.rawValue), started \(human.ago(status.startedUSec))"
    return faults + (faults.isEmpty ? [] : [""]) + [head] + facts
  }

  private var problems: [String] {
    var problems: [String] = []
    if let problem = status.spool.problem { problems.append("spool: \(problem.shown)") }
    problems += status.alarms.map(\.shown)
    for upstream in status.upstreams where upstream.hasProblem {
      let since = upstream.faultSinceUSec.map { " since \(human.ago($0).dropLast(" ago".count))" } ?? ""
      let reason = upstream.fault?.shown ?? "the reason is not known; see journalctl -u posthoused"
      problems.append("upstream \(place(upstream)) \(word(for: upstream.state))\(since): \(reason)")
    }
    return problems
  }

  private func word(for state: UpstreamStatus.State) -> String {
    switch state {
    case .held: "is held, and its mail waits,"
    case .failing: "is failing"
    case .idle, .connected: "has a fault"
    }
  }

  private var worries: [String] {
    var worries = status.warnings.map(\.shown)
    if status.spool.failed > 0 {
      let messages = HumanText.count(status.spool.failed, "message")
      let isOne = status.spool.failed == 1
      let oldest = status.spool.oldestFailedUSec.map { ", \(isOne ? "" : "the oldest ")from \(human.ago($0))," } ?? ""
      worries.append("\(messages) failed for good\(oldest) and \(isOne ? "is" : "are") kept; posthouse queue shows why")
    }
    return worries
  }

  private var facts: [String] {
    var facts = status.upstreams.map { ("Upstream", describe($0)) }
    if status.upstreams.isEmpty { facts.append(("Upstream", "none")) }
    facts.append(("Listening", status.listeners.isEmpty ? "nowhere" : status.listeners.map(describe).joined(separator: ", ")))
    facts.append(("Spool", describe(status.spool)))
    let counters = status.counters.filter { $0.count != 0 }.map { "\(HumanText.words($0.name.shown)) \($0.count)" }
    if !counters.isEmpty { facts.append(("Counted", counters.joined(separator: ", "))) }
    return facts.map { name, text in "  \(name)\(String(repeating: " ", count: 10 - name.count)) \(text)" }
  }

  private func place(_ upstream: UpstreamStatus) -> String {
    guard let port = upstream.port else { return upstream.host.shown }
    return upstream.host.contains(":") ? "[\(upstream.host.shown)]:\(port)" : "\(upstream.host.shown):\(port)"
  }

  private func describe(_ upstream: UpstreamStatus) -> String {
    var parts = [place(upstream)]
    switch upstream.tls {
    case "capture": break
    case "none": parts.append("no TLS")
    default: parts.append("TLS \(upstream.tls.shown)\(upstream.isVerified ? "" : ", not verified")")
    }
    parts.append(upstream.state.rawValue + (upstream.connections > 0 ? " (\(HumanText.count(upstream.connections, "connection")))" : ""))
    parts.append(upstream.lastSuccessUSec.map { "last success \(human.ago($0))" } ?? "no success yet")
    if let end = upstream.certificateEndUSec { parts.append("certificate until \(human.day(end))") }
    if let next = upstream.nextAttemptUSec { parts.append("next attempt \(human.until(next))") }
    return parts.joined(separator: ", ")
  }

  private func describe(_ listener: RelayStatus.Listener) -> String {
    let connections = listener.connections == 0 ? "" : " (\(HumanText.count(listener.connections, "connection")))"
    return listener.address.shown + connections
  }

  private func describe(_ spool: SpoolStatus) -> String {
    let states = [
      (spool.active, "active"), (spool.queued, "queued"), (spool.deferred, "deferred"), (spool.held, "held"), (spool.failed, "failed"),
    ]
    let parts = states.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    guard !parts.isEmpty else { return "\(spool.directory.shown): empty" }
    return "\(spool.directory.shown): \(HumanText.count(spool.messages, "message")), \(HumanText.size(spool.bytes)) "
      + "(\(parts.joined(separator: ", ")))"
  }
}
