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

  /// `Retry(id: string) -> (id: string)`.
  package static let retry = "\(name).Retry"
  /// `Hold(id: string) -> (id: string)`.
  package static let hold = "\(name).Hold"
  /// `Release(id: string) -> (id: string)`.
  package static let release = "\(name).Release"
  /// `Remove(id: string) -> (id: string)`.
  package static let remove = "\(name).Remove"
  /// `Redirect(id: string, recipients: []string) -> (id: string)`.
  package static let redirect = "\(name).Redirect"
  /// `Export(id: string) -> (message: ?Message, data: ?string)`, with `more`.
  package static let export = "\(name).Export"

  /// The message is being transmitted, and cannot be changed meanwhile.
  package static func messageIsActive(_ id: String) -> VarlinkError {
    VarlinkError(name: "\(name).MessageIsActive", parameters: JSONObject(["id": .string(id)]))
  }

  /// The order does not fit the state that the message is in.
  package static func wrongState(_ id: String, _ state: QueuedMessage.State) -> VarlinkError {
    VarlinkError(name: "\(name).WrongState", parameters: JSONObject(["id": .string(id), "state": .string(state.rawValue)]))
  }

  /// What was given as a recipient is no mail address.
  package static func invalidRecipient(_ recipient: String, _ reason: String) -> VarlinkError {
    VarlinkError(
      name: "\(name).InvalidRecipient", parameters: JSONObject(["recipient": .string(recipient), "reason": .string(reason)]))
  }

  /// The spool could not do what was asked.
  package static func spoolRefused(_ reason: String) -> VarlinkError {
    VarlinkError(name: "\(name).SpoolRefused", parameters: JSONObject(["reason": .string(reason)]))
  }

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
        lastSuccessUSec: ?int,
        # When the certificate that the upstream showed last expires
        certificateEndUSec: ?int
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

      # Tries a failed message again, and a waiting one at once.
      method Retry(id: string) -> (id: string)

      # Stops a waiting message until it is released, also over a restart.
      method Hold(id: string) -> (id: string)

      # Lets a held message go, at once.
      method Release(id: string) -> (id: string)

      # Removes a message for good; nobody is told.
      method Remove(id: string) -> (id: string)

      # Sends a message to these recipients in place of those who have not had it: as a new message, whose name is the answer.
      method Redirect(id: string, recipients: []string) -> (id: string)

      # The message in the first reply, then its text in pieces, base64.
      # [Requires 'more' flag]
      method Export(id: string) -> (message: ?Message, data: ?string)

      # No message has this name.
      error NoSuchMessage (id: string)

      # The message is being transmitted; it can be changed when that is over.
      error MessageIsActive (id: string)

      # The order does not fit the state of the message.
      error WrongState (id: string, state: MessageState)

      # What was given as a recipient is no mail address.
      error InvalidRecipient (recipient: string, reason: string)

      # The spool cannot do it now.
      error SpoolRefused (reason: string)

      """)
}
