// SPDX-License-Identifier: Apache-2.0
import Varlink

/// A status and a message in which every field has a value.
enum Examples {
  static var status: RelayStatus {
    var upstream = UpstreamStatus(name: "default", host: "smtp.example.com", port: 587, tls: "starttls", isVerified: true)
    upstream.state = .held
    upstream.connections = 1
    upstream.fault = "the password of \"apikey\" was refused; correct it"
    upstream.faultSinceUSec = 1_700_000_000_000_000
    upstream.nextAttemptUSec = 1_700_000_060_000_000
    upstream.lastSuccessUSec = 1_699_000_000_000_000
    var spool = SpoolStatus(directory: "/var/lib/posthouse")
    spool.queued = 1
    spool.active = 2
    spool.deferred = 3
    spool.held = 4
    spool.failed = 5
    spool.bytes = 6000
    spool.oldestFailedUSec = 1_699_990_000_000_000
    spool.problem = "no space left; free some"
    return RelayStatus(
      version: "0.1", state: .running, hostname: "app1.example.com", startedUSec: 1_700_000_000_000_000,
      listeners: [.init(address: "127.0.0.1:2525", connections: 3)], upstreams: [upstream], spool: spool,
      counters: [.init(name: "accepted", count: 10), .init(name: "delivered", count: 9)], warnings: ["Verify=no"],
      alarms: ["so much mail failed"])
  }

  static var message: QueuedMessage {
    var message = QueuedMessage(
      id: "1k9d3f0v7q2", state: .deferred, sizeBytes: 1024, sender: "app@example.com",
      recipients: [.init(address: "a@example.net", state: .delivered, reply: "250 ok"), .init(address: "b@example.net", state: .waiting)],
      acceptedUSec: 1_700_000_000_000_000, peer: "127.0.0.1:50000")
    message.attempts = 2
    message.nextAttemptUSec = 1_700_000_060_000_000
    message.lastReply = "451 4.3.0 later"
    message.peerUID = 1000
    message.peerUser = "app"
    message.peerUnit = "app.service"
    message.greeting = "app1.example.com"
    message.extensions = ["8BITMIME", "SMTPUTF8"]
    message.envelopeID = "QQ314159"
    message.report = .headers
    message.holdUntilUSec = 1_700_000_030_000_000
    message.recipients[0].notify = QueuedMessage.Notify.allCases
    message.recipients[0].original = "rfc822;A@example.net"
    return message
  }
}
