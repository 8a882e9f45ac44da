// SPDX-License-Identifier: Apache-2.0
import EventLoop
import SMTP
import Settings
import TLS
import TLSTerms
import TLSTransport
import Timekeeping

/// Takes a conversation with an upstream over to TLS, as the settings want it.
///
/// A session goes on with the keys of an earlier one where the upstream gave a ticket for that. A ticket is found only by everything that
/// decided about trust when it was given: host, port and name, the whole policy with our own certificate, and who logs in.
@Loop struct Encryption {
  let loop: EventLoop
  let memory: LinkMemory
  let settings: UpstreamSettings

  /// Makes the handshake; what it found out.
  func begin(_ dialogue: inout UpstreamDialogue) async throws(Setback) -> UpstreamSecurity {
    let policy = policy
    let context: TLSContext
    do throws(TLSContextFailure) {
      context = try memory.contexts.context(for: policy)
    } catch {
      memory.forgetTrust()
      let why = "\(error); \(error.remedy)"
      throw Setback(.tls, error.isAbout(policy.identity) ? .credentialsUnavailable(why) : .certificateUntrusted("\(error)"))
    }
    let ticket = memory.tickets.take(for: key(policy), at: loop.moment)
    do throws(Setback) {
      let session = TLSSession(client: context, to: expectedName, resuming: ticket)
      let (peer, binding) = try await dialogue.secure(session, within: settings.patience(at: .tls))
      let isLocal = settings.isLocal
      let channel: UpstreamChannel = peer.isVerified ? .verifiedTLS : isLocal ? .loopback : .unverifiedTLS
      return UpstreamSecurity(channel: channel, peer: peer, binding: binding, ticket: peer.isResumed ? ticket : nil)
    } catch {
      // The operator may be about to correct the file of authorities.
      memory.forgetTrust()
      throw error
    }
  }

  /// Keeps what the upstream gave for the next connection, or what served for this one; to be called when it has said something under
  /// TLS, since TLS 1.3 hands tickets out behind the handshake.
  func keepTicket(of dialogue: borrowing UpstreamDialogue, _ security: UpstreamSecurity) {
    guard let ticket = (dialogue.wire.stream as? TLSStream)?.takeTicket() ?? security.ticket else { return }
    memory.tickets.keep(ticket, for: key(ticket.policy), at: loop.moment)
  }

  private var policy: TLSPolicy {
    let connection = settings.connection
    // Opportunistic TLS protects from listeners only: who may fall back to plaintext gains nothing by insisting on a certificate.
    let isRequired = settings.verification == .required && settings.tls != .opportunistic
    let pins = Set(connection.pins.compactMap { CertificateFingerprint($0.bytes) })
    let trust: TLSTrust = pins.isEmpty ? settings.caFile.map { .file($0.path) } ?? .system : .pinned(pins)
    let identity = connection.certificate.map {
      TLSIdentity(certificateFile: $0.path, keyFile: connection.key?.path ?? $0.path)
    }
    return .client(
      minimumVersion: connection.minimumVersion == .tls12 ? .tls12 : .tls13, trust: trust,
      verification: isRequired ? .required : .notRequired, identity: identity)
  }

  private var host: String { settings.host.map(\.description) ?? "" }

  private var expectedName: String { settings.expectedName ?? host }

  private func key(_ policy: TLSPolicy) -> TLSTicketKey {
    TLSTicketKey(upstream: "\(host) \(settings.port) \(expectedName)", policy: policy, identity: settings.user ?? "")
  }
}

extension TLSContextFailure {
  /// Whether our own certificate or its key is at fault.
  fileprivate func isAbout(_ identity: TLSIdentity?) -> Bool {
    guard let identity else { return false }
    return switch self {
    case .notACertificate(let file), .notAKey(let file), .keyIsEncrypted(let file), .keyIsExposed(let file), .unreadable(let file, _),
      .tooWeak(let file, _):
      file == identity.certificateFile || file == identity.keyFile
    case .keyMismatch: true
    case .identityMissing, .fipsMissing, .library: false
    }
  }
}
