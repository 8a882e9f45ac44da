// SPDX-License-Identifier: Apache-2.0
/// What the daemon says about itself: the answer to `GetStatus`, made by the daemon and read by the command.
package struct RelayStatus: Hashable, Sendable {
  /// The version of the daemon.
  package var version: String
  /// What it is doing.
  package var state: ServiceState
  /// The name it greets with.
  package var hostname: String
  /// When it started, in microseconds of civil time.
  package var startedUSec: Int64
  /// Where it takes mail in.
  package var listeners: [Listener]
  /// Where mail goes, the default first.
  package var upstreams: [UpstreamStatus]
  /// What waits.
  package var spool: SpoolStatus
  /// What was counted since the start, in the order in which it shall be shown.
  package var counters: [Counter]
  /// What should worry the operator.
  package var warnings: [String]
  /// What somebody must look at.
  package var alarms: [String]

  /// A status from its parts.
  package init(
    version: String, state: ServiceState, hostname: String, startedUSec: Int64, listeners: [Listener], upstreams: [UpstreamStatus],
    spool: SpoolStatus, counters: [Counter], warnings: [String], alarms: [String] = []
  ) {
    self.version = version
    self.state = state
    self.hostname = hostname
    self.startedUSec = startedUSec
    self.listeners = listeners
    self.upstreams = upstreams
    self.spool = spool
    self.counters = counters
    self.warnings = warnings
    self.alarms = alarms
  }

  /// What the service is doing.
  package enum ServiceState: String, CaseIterable, Hashable, Sendable {
    case starting, running, draining
  }

  /// Where mail is taken in.
  package struct Listener: Hashable, Sendable {
    /// The address with the port that was really taken.
    package var address: String
    /// How many clients are connected.
    package var connections: Int

    /// A listener from its parts.
    package init(address: String, connections: Int) {
      self.address = address
      self.connections = connections
    }
  }

  /// One count.
  package struct Counter: Hashable, Sendable {
    /// Its name, lowerCamelCase.
    package var name: String
    /// How often it happened.
    package var count: Int64

    /// A counter from its parts.
    package init(name: String, count: Int64) {
      self.name = name
      self.count = count
    }
  }

  /// Whether somebody must look: an upstream that is held or failing, a spool with a problem, or an alarm.
  package var hasProblem: Bool { spool.problem != nil || !alarms.isEmpty || upstreams.contains(where: \.hasProblem) }
}

extension RelayStatus {
  /// The status as JSON.
  package var json: JSONObject {
    var counts = JSONObject()
    for counter in counters { counts[counter.name] = .integer(counter.count) }
    var json = JSONObject([
      "version": .string(version), "state": .string(state.rawValue), "hostname": .string(hostname), "startedUSec": .integer(startedUSec),
      "listeners": .array(
        listeners.map { .object(JSONObject(["address": .string($0.address), "connections": .count($0.connections)])) }),
      "upstreams": .array(upstreams.map { .object($0.json) }), "spool": .object(spool.json), "counters": .object(counts),
      "warnings": .array(warnings.map { .string($0) }),
    ])
    json.add("alarms", alarms.isEmpty ? nil : .array(alarms.map { .string($0) }))
    return json
  }

  /// The status that JSON shows; fields of a newer daemon are passed over.
  package init(_ json: JSONObject) throws(VarlinkError) {
    version = try json.string("version")
    state = try json.choice("state")
    hostname = try json.string("hostname")
    startedUSec = try json.integer("startedUSec")
    listeners = []
    for listener in try json.objects("listeners") {
      listeners.append(Listener(address: try listener.string("address"), connections: Int(try listener.integer("connections"))))
    }
    upstreams = []
    for upstream in try json.objects("upstreams") { upstreams.append(try UpstreamStatus(upstream)) }
    spool = try SpoolStatus(json.object("spool"))
    counters = []
    let counts = try json.object("counters")
    for member in counts.members { counters.append(Counter(name: member.name, count: try counts.integer(member.name))) }
    warnings = try json.strings("warnings")
    alarms = try json.optionalStrings("alarms") ?? []
  }
}
