// SPDX-License-Identifier: Apache-2.0
/// `io.posthouse.Relay`, the interface of this house: its description, and the names that both ends use.
///
/// It follows systemd's habits: lowerCamelCase fields, times in `…USec`, nullable fields left out when they are null, one object for
/// each reply of a list. It grows by new methods, new errors and new nullable fields; what is there keeps its meaning.
package enum RelayInterface {
  /// The qualified name.
  package static let name = "io.posthouse.Relay"
  /// `GetStatus() -> (status: Status)`.
  package static let getStatus = "\(name).GetStatus"
  /// `List(id: ?string, state: ?MessageState) -> (message: ?Message)`, with `more`.
  package static let list = "\(name).List"
  /// `Flush(id: ?string) -> (scheduled: int)`.
  package static let flush = "\(name).Flush"

  /// No message has this name.
  package static func noSuchMessage(_ id: String) -> VarlinkError {
    VarlinkError(name: "\(name).NoSuchMessage", parameters: JSONObject(["id": .string(id)]))
  }

  /// The interface with its description.
  package static let interface = VarlinkInterface(
    describedBy: """
      # Status and control of the local mail relay Posthouse
      interface io.posthouse.Relay

      # What the service is doing
      type ServiceState (
        starting,
        running,
        draining
      )

      # Where mail is taken in
      type Listener (
        # 127.0.0.1:25, [::1]:25 or unix:/path, with the port that was really taken
        address: string,
        connections: int
      )

      # Whether an upstream can be used
      type UpstreamState (
        # nothing to do, nothing wrong
        idle,
        # a connection is open
        connected,
        # attempts fail, and are repeated by themselves
        failing,
        # attempts are held back until an operator has mended something
        held
      )

      type Upstream (
        name: string,
        host: string,
        port: ?int,
        # starttls, implicit, opportunistic, none or capture
        tls: string,
        # Whether the certificate must be good
        verified: bool,
        state: UpstreamState,
        connections: int,
        # What is wrong and what to do, in one sentence
        fault: ?string,
        # CLOCK_REALTIME, microseconds, as all that ends in USec
        faultSinceUSec: ?int,
        nextAttemptUSec: ?int,
        lastSuccessUSec: ?int
      )

      type Spool (
        directory: string,
        messages: int,
        queued: int,
        active: int,
        deferred: int,
        held: int,
        failed: int,
        # When the oldest of the failed ones came in
        oldestFailedUSec: ?int,
        bytes: int,
        # What is wrong and what to do, in one sentence
        problem: ?string
      )

      type Status (
        version: string,
        state: ServiceState,
        hostname: string,
        startedUSec: int,
        listeners: []Listener,
        upstreams: []Upstream,
        spool: Spool,
        # Counts since the start
        counters: [string]int,
        # What is allowed but should worry the operator, one sentence each
        warnings: []string,
        # What somebody must look at, one sentence each
        alarms: ?[]string
      )

      # Where a message is in its life
      type MessageState (
        # waits for its first attempt
        queued,
        # is being transmitted
        active,
        # waits for another attempt
        deferred,
        # waits for an operator
        held,
        # will not be tried again by itself
        failed
      )

      type RecipientState (
        waiting,
        delivered,
        deferred,
        failed
      )

      type Recipient (
        address: string,
        state: RecipientState,
        # Last answer of the upstream about this recipient
        reply: ?string,
        # When the sender wants a report (success, failure, delay); empty for never
        notify: ?[]string,
        # The address as first given, type;address
        original: ?string
      )

      # One message in the spool
      type Message (
        id: string,
        state: MessageState,
        sizeBytes: int,
        # Empty for the null sender
        sender: string,
        recipients: []Recipient,
        acceptedUSec: int,
        attempts: int,
        nextAttemptUSec: ?int,
        # Last answer of the upstream, or why there was none
        lastReply: ?string,
        # Where it was handed in from, and by whom as far as the kernel told
        peer: string,
        peerUID: ?int,
        peerUser: ?string,
        peerUnit: ?string,
        # What the client called itself
        greeting: ?string,
        # What the message needs on its way: 8BITMIME, BINARYMIME, SMTPUTF8, REQUIRETLS
        extensions: ?[]string,
        # The sender's own name for the message
        envelopeID: ?string,
        # What a report shall contain: full or headers
        report: ?string,
        # Not to be sent before this time, as the sender wished
        holdUntilUSec: ?int
      )

      # The whole status at once
      method GetStatus() -> (status: Status)

      # Lists the messages in the spool, one reply for each; a single reply without a message when there is none.
      # [Requires 'more' flag]
      method List(id: ?string, state: ?MessageState) -> (message: ?Message)

      # Makes deferred messages due now: one, or all.
      method Flush(id: ?string) -> (scheduled: int)

      # No message has this name.
      error NoSuchMessage (id: string)

      """)
}
