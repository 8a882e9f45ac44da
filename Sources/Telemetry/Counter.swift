// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// What is counted since the start.
package enum Counter: Int, Hashable, Sendable, CaseIterable {
  /// Connections of apps that were let in.
  case connections
  /// Connections of apps that were turned away.
  case connectionsRefused
  /// Commands of apps answered with 4xx or 5xx.
  case commandsRefused
  /// Messages made durable.
  case messagesAccepted
  /// Their recipients.
  case recipientsAccepted
  /// Their bytes.
  case bytesAccepted
  /// Messages with nothing left to do.
  case messagesSettled
  /// Recipients an upstream took over.
  case recipientsDelivered
  /// Attempts for a recipient that are to be repeated.
  case recipientsDeferred
  /// Recipients given up after a final reply.
  case recipientsFailed
  /// Recipients given up for age.
  case recipientsExpired
  /// Reports made for senders.
  case reports
  /// Connections to upstreams.
  case upstreamConnections
  /// Connections to upstreams that did not come about.
  case upstreamConnectionFailures
  /// Connections to upstreams that broke.
  case upstreamConnectionsLost
  /// Logins that an upstream refused.
  case upstreamLoginFailures
  /// How often an upstream was held.
  case upstreamHolds
  /// How often an upstream slowed us down.
  case upstreamThrottles
  /// Damaged records that were set aside.
  case spoolDamages
  /// How often the disk refused.
  case spoolProblems
  /// Settings taken over while running.
  case reloads
  /// Settings refused while running.
  case reloadsRefused
  /// Commands carried out.
  case commands
  /// Commands refused for lack of permission.
  case commandsDenied

  /// Its name in status and over the control socket.
  package var name: String { "\(self)" }

  /// Its name as a metric: `posthouse_messages_accepted_total`.
  package var metricName: String { metric(name) + "_total" }
}

/// What stands at a value now.
package enum Gauge: Int, Hashable, Sendable, CaseIterable {
  /// Apps connected.
  case clients
  /// Messages that wait or are under way.
  case queued
  /// Messages being delivered.
  case inFlight
  /// Messages held.
  case held
  /// Messages given up and kept to be seen.
  case failed
  /// Connections to upstreams.
  case upstreamClients
  /// Upstreams held.
  case upstreamsHeld
  /// Bytes the spool takes.
  case spoolBytes

  /// Its name in status and over the control socket.
  package var name: String { "\(self)" }

  /// Its name as a metric: `posthouse_in_flight`.
  package var metricName: String { metric(name) }
}

/// The words of a name joined by underscores, behind the program's name.
private func metric(_ name: String) -> String {
  var words: [UInt8] = []
  for byte in name.utf8 {
    let lower = byte.asciiLowercased
    if lower != byte { words.append(UInt8(ascii: "_")) }
    words.append(lower)
  }
  return "posthouse_" + String(decoding: words, as: UTF8.self)
}
