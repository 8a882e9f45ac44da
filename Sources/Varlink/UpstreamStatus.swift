// SPDX-License-Identifier: Apache-2.0
/// What the daemon says about one upstream.
package struct UpstreamStatus: Hashable, Sendable {
  /// Its name in the configuration; `default` for the one without a name.
  package var name: String
  /// The host, as configured.
  package var host: String
  /// The port; nil where there is none to connect to.
  package var port: Int?
  /// How the way is protected: a word of the setting, or `capture`.
  package var tls: String
  /// Whether the certificate must be good.
  package var isVerified: Bool
  /// Whether it can be used.
  package var state: State
  /// How many connections are open.
  package var connections: Int
  /// What is wrong and what to do, in one sentence.
  package var fault: String?
  /// Since when, in microseconds of civil time.
  package var faultSinceUSec: Int64?
  /// When it is tried next.
  package var nextAttemptUSec: Int64?
  /// When it last took a message.
  package var lastSuccessUSec: Int64?
  /// When the certificate that it showed last expires.
  package var certificateEndUSec: Int64?

  /// An upstream of which nothing is known but its configuration.
  package init(name: String, host: String, port: Int?, tls: String, isVerified: Bool) {
    self.name = name
    self.host = host
    self.port = port
    self.tls = tls
    self.isVerified = isVerified
    state = .idle
    connections = 0
  }

  /// Whether an upstream can be used.
  package enum State: String, CaseIterable, Hashable, Sendable {
    /// Nothing to do, nothing wrong.
    case idle
    /// A connection is open.
    case connected
    /// Attempts fail and are repeated by themselves.
    case failing
    /// Attempts are held back until an operator has mended something.
    case held
  }

  /// Whether somebody must look.
  package var hasProblem: Bool {
    switch state {
    case .idle, .connected: fault != nil
    case .failing, .held: true
    }
  }
}

extension UpstreamStatus {
  /// The upstream as JSON.
  package var json: JSONObject {
    var json = JSONObject(["name": .string(name), "host": .string(host)])
    json.add("port", port.map { .count($0) })
    json.add("tls", .string(tls))
    json.add("verified", .boolean(isVerified))
    json.add("state", .string(state.rawValue))
    json.add("connections", .count(connections))
    json.add("fault", fault.map { .string($0) })
    json.add("faultSinceUSec", faultSinceUSec.map { .integer($0) })
    json.add("nextAttemptUSec", nextAttemptUSec.map { .integer($0) })
    json.add("lastSuccessUSec", lastSuccessUSec.map { .integer($0) })
    json.add("certificateEndUSec", certificateEndUSec.map { .integer($0) })
    return json
  }

  /// The upstream that JSON shows.
  package init(_ json: JSONObject) throws(VarlinkError) {
    name = try json.string("name")
    host = try json.string("host")
    port = try json.optionalInteger("port").map { Int($0) }
    tls = try json.string("tls")
    isVerified = try json.boolean("verified")
    state = try json.choice("state")
    connections = Int(try json.integer("connections"))
    fault = try json.optionalString("fault")
    faultSinceUSec = try json.optionalInteger("faultSinceUSec")
    nextAttemptUSec = try json.optionalInteger("nextAttemptUSec")
    lastSuccessUSec = try json.optionalInteger("lastSuccessUSec")
    certificateEndUSec = try json.optionalInteger("certificateEndUSec")
  }
}
