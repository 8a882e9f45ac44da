// SPDX-License-Identifier: Apache-2.0
internal import COpenSSL
package import Octets
internal import TLSTerms

/// One TLS connection, from handshake to close_notify, that knows nothing of sockets: ciphertext comes from one queue and goes to another.
///
/// The session takes what it can use from the front of `incoming`; the rest waits there. Ciphertext for the peer is added to `outgoing` by
/// every operation, also by one that fails (the alert), and must be sent. Invariants: plaintext moves only after a complete handshake;
/// after a failure nothing moves again; under a policy that demands verification the handshake completes only with a verified peer.
///
///     handshake ──► established ──(close_notify from the peer)──► closed
///         └──────────────┴──────────► failed
package final class TLSSession {
  /// The host name or address the peer is verified by; a client has one.
  package let peerName: String?
  private let context: TLSContext
  private let machine: TLSMachine
  private var state = State.handshake
  private var hasSeenInput = false

  /// Our side of a connection to `host`, a name (sent as SNI) or an IP address, which the certificate must be for.
  package init(client context: TLSContext, to host: String, resuming ticket: TLSTicket? = nil) {
    precondition(context.policy.role == .client, "a client session needs a client's policy")
    let name = TLSSession.canonical(host)
    precondition(!name.isEmpty && !name.utf8.contains(0), "a peer is verified by a name")
    self.context = context
    peerName = name
    machine = TLSMachine(context)
    machine.demand(name)
    if let ticket {
      precondition(ticket.policy == context.policy && ticket.peerName == name, "a ticket serves only the policy and peer it was made with")
      machine.resume(ticket)
    }
  }

  /// Our side of a connection that a client opened.
  package init(server context: TLSContext) {
    precondition(context.policy.role == .server, "a server session needs a server's policy")
    self.context = context
    peerName = nil
    machine = TLSMachine(context)
  }

  /// Whether the handshake is complete and nothing has failed since.
  package var isEstablished: Bool { state == .established || state == .closed }

  /// Goes on with the handshake; `progressed` when it is complete. A client calls it once before any input has come.
  package func handshake(from incoming: inout ByteQueue, to outgoing: inout ByteQueue) -> TLSProgress {
    switch state {
    case .established, .closed: return .progressed
    case .failed(let failure): return .failed(failure)
    case .handshake: break
    }
    if let failure = plainText(at: incoming) { return fail(failure) }
    let code = machine.handshake(from: &incoming, to: &outgoing)
    guard code == SSL_ERROR_NONE else { return judge(code) }
    if context.policy.verification == .required {
      // OpenSSL has seen to this; a resumed session or a cipher without certificates must not get round it.
      if let fault = certificateFault { return fail(fault) }
      guard machine.peerCertificate != nil else { return fail(.nothingInCommon(reason: "the peer has shown no certificate")) }
    }
    state = .established
    return .progressed
  }

  /// Decrypts at most `limit` bytes; `progressed` when there was at least one.
  package func read(
    from incoming: inout ByteQueue, into plaintext: inout ByteQueue, atMost limit: Int = 16384, to outgoing: inout ByteQueue
  ) -> TLSProgress {
    switch state {
    case .handshake: preconditionFailure("plaintext moves only after the handshake")
    case .failed(let failure): return .failed(failure)
    case .closed: return .closed
    case .established: break
    }
    var moved = 0
    while moved < limit, !incoming.isEmpty || machine.hasPending {
      // Plaintext is never longer than its ciphertext, so a short reply takes little room.
      let room = min(limit - moved, max(machine.pending, incoming.count, 1), TLSMachine.recordSize)
      let (code, count) = machine.decrypt(from: &incoming, into: &plaintext, room: room, to: &outgoing)
      moved += count
      if code != SSL_ERROR_NONE {
        let progress = judge(code)
        return moved > 0 ? .progressed : progress
      }
    }
    return moved > 0 ? .progressed : .wantsInput
  }

  /// Encrypts all of `plaintext`; `progressed` unless the session has failed.
  package func write(_ plaintext: Span<UInt8>, to outgoing: inout ByteQueue) -> TLSProgress {
    switch state {
    case .handshake: preconditionFailure("plaintext moves only after the handshake")
    case .failed(let failure): return .failed(failure)
    case .established, .closed: break
    }
    let code = machine.encrypt(plaintext, to: &outgoing)
    return code == SSL_ERROR_NONE ? .progressed : judge(code)
  }

  /// Encrypts from the front of `plaintext` until it is empty or `outgoing` holds `limit` bytes, so that a slow peer bounds our memory.
  package func write(from plaintext: inout ByteQueue, to outgoing: inout ByteQueue, until limit: Int = 65536) -> TLSProgress {
    while !plaintext.isEmpty, outgoing.count < limit {
      let count = min(plaintext.count, TLSMachine.recordSize)
      let progress = write(plaintext.bytes.extracting(0..<count), to: &outgoing)
      guard progress == .progressed else { return progress }
      plaintext.consume(count)
    }
    return .progressed
  }

  /// Says that we send no more (close_notify). Harmless before the handshake, after a failure, or a second time.
  package func close(to outgoing: inout ByteQueue) {
    guard isEstablished else { return }
    machine.shutDown(to: &outgoing)
  }

  /// Notes that the transport below has ended: when `incoming` is used up, a session without close_notify has failed as `truncated`.
  package func inputEnded() { machine.endInput() }

  /// The newest ticket the peer gave, for one later connection. With TLS 1.3 it comes behind the handshake, so take it when the
  /// connection ends.
  package func takeTicket() -> TLSTicket? {
    guard isEstablished, let peerName else { return nil }
    return machine.takeTicket(policy: context.policy, peerName: peerName)
  }

  /// What is known about the peer; nil before the handshake is complete.
  package var peer: TLSPeer? {
    guard isEstablished else { return nil }
    let certificate = machine.peerCertificate
    let fault = certificate == nil ? nil : certificateFault
    return TLSPeer(
      version: machine.version, cipher: machine.cipher, isVerified: certificate != nil && fault == nil, fault: fault,
      certificateEnd: certificate?.notAfter, isResumed: machine.isResumed)
  }

  /// The bytes that tie an authentication to this very connection, for SCRAM's `-PLUS` forms; nil where the kind is not defined for it.
  package func channelBinding(_ kind: TLSChannelBinding) -> [UInt8]? {
    guard isEstablished else { return nil }
    switch kind {
    case .serverEndPoint: return (context.policy.role == .client ? machine.peerCertificate : machine.ownCertificate)?.serverEndPoint
    case .exporter: return machine.exportedBinding
    }
  }

  private enum State: Hashable {
    case handshake, established, closed
    case failed(TLSFailure)
  }

  /// A host name without the dot that ends it, an address without brackets.
  private static func canonical(_ host: String) -> String {
    if host.hasPrefix("["), host.hasSuffix("]") { return String(host.dropFirst().dropLast()) }
    return host.hasSuffix(".") ? String(host.dropLast()) : host
  }

  private func fail(_ failure: TLSFailure) -> TLSProgress {
    state = .failed(failure)
    return .failed(failure)
  }

  /// What is wrong with the peer's certificate by our policy.
  private var certificateFault: TLSFailure? {
    guard let pins = context.policy.pins else { return machine.certificateFault(expected: peerName) }
    guard let certificate = machine.peerCertificate, let fingerprint = certificate.fingerprint else { return nil }
    if pins.contains(fingerprint) { return nil }
    if let key = certificate.keyFingerprint, pins.contains(key) { return nil }
    return .notPinned(fingerprint)
  }

  /// What a result of OpenSSL's that is not success means.
  private func judge(_ code: Int32) -> TLSProgress {
    let phase: TLSPhase = state == .handshake ? .handshake : .traffic
    let error = LibraryError.take()
    switch code {
    case SSL_ERROR_WANT_READ:
      return .wantsInput
    case SSL_ERROR_ZERO_RETURN where phase == .traffic:
      state = .closed
      return .closed
    case SSL_ERROR_ZERO_RETURN, SSL_ERROR_SYSCALL:
      return fail(.truncated(phase))
    default:
      if error.isOfTLS, error.reason == SSL_R_CERTIFICATE_VERIFY_FAILED, let fault = certificateFault {
        return fail(fault)
      }
      return fail(.ofConversation(error, phase: phase))
    }
  }

  /// The first byte of TLS is a record type (20–23); text, which begins higher or with a line break, gets a sentence of its own.
  private func plainText(at incoming: borrowing ByteQueue) -> TLSFailure? {
    guard !hasSeenInput, !incoming.isEmpty else { return nil }
    hasSeenInput = true
    let first = incoming.bytes[0]
    guard first >= 0x20 && first < 0x7f || first == 0x0d || first == 0x0a else { return nil }
    var excerpt = ""
    for index in 0..<min(incoming.count, 60) {
      let byte = incoming.bytes[index]
      if byte == 0x0d || byte == 0x0a { break }
      excerpt.unicodeScalars.append(byte >= 0x20 && byte < 0x7f ? Unicode.Scalar(byte) : "?")
    }
    return .plainText(from: context.policy.role == .client ? .server : .client, excerpt: excerpt)
  }
}
