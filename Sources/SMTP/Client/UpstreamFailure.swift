// SPDX-License-Identifier: Apache-2.0
package import Mail
internal import Octets

/// What can go wrong with an upstream without a reply that says so.
package enum UpstreamFailure: Error, Hashable, Sendable {
  /// Its name does not exist.
  case hostNotFound(String)
  /// Its name could not be looked up now; why.
  case lookupFailed(String)
  /// No connection came about; why.
  case connectionFailed(String)
  /// This machine cannot connect from the address it was told to; why.
  case sourceUnavailable(String)
  /// The proxy is not to be reached, or cannot reach the upstream now; why.
  case proxyFailed(String)
  /// The proxy does not let us through; why.
  case proxyRefused(String)
  /// The certificate's chain does not end in an authority we trust; what the library said.
  case certificateUntrusted(String)
  /// The certificate is expired or not yet valid; what the library said.
  case certificateExpired(String)
  /// The certificate carries other names; which was expected, and which it has.
  case hostNameMismatch(String)
  /// There is no TLS version in common; what the library said.
  case tlsTooOld(String)
  /// The peer answered the handshake with something that is no TLS.
  case peerSpeaksPlaintext
  /// The handshake failed otherwise; what the library said.
  case handshakeFailed(String)
  /// STARTTLS is required and was not offered.
  case startTLSNotOffered
  /// There were bytes between the reply to STARTTLS and the handshake.
  case plaintextBehindStartTLS
  /// No mechanism was chosen.
  case authenticationImpossible(SASLRefusal)
  /// The exchange was given up by us.
  case authenticationBroken(SASLFault)
  /// The secret cannot be had; why.
  case credentialsUnavailable(String)
  /// What came was no reply.
  case malformedReply(ReplyFault)
  /// A reply came that nobody asked for.
  case unexpectedReply(UpstreamReply)
  /// The peer closed or reset the connection; why.
  case connectionLost(String)
  /// The peer was silent for too long.
  case timedOut

  /// What follows for the message and the upstream. Loss of the connection behind the final dot means retry: the message may then
  /// arrive twice.
  package var judgement: Judgement {
    switch self {
    case .hostNotFound: .operatorFault(.hostNotFound)
    case .sourceUnavailable: .operatorFault(.sourceUnavailable)
    case .proxyRefused: .operatorFault(.proxyRefused)
    case .certificateUntrusted: .operatorFault(.certificateUntrusted)
    case .certificateExpired: .operatorFault(.certificateExpired)
    case .hostNameMismatch: .operatorFault(.hostNameMismatch)
    case .tlsTooOld: .operatorFault(.tlsTooOld)
    case .peerSpeaksPlaintext: .operatorFault(.peerSpeaksPlaintext)
    case .startTLSNotOffered: .operatorFault(.startTLSNotOffered)
    case .plaintextBehindStartTLS: .operatorFault(.tampering)
    case .authenticationImpossible(.channelUnsafe): .operatorFault(.channelUnsafe)
    case .authenticationImpossible(.notOffered): .operatorFault(.authenticationNotOffered)
    case .authenticationImpossible(.nothingInCommon), .authenticationImpossible(.credentialsUnfit): .operatorFault(.mechanismUnavailable)
    case .authenticationBroken(let fault): fault.judgement
    case .credentialsUnavailable: .operatorFault(.credentialsUnavailable)
    case .lookupFailed, .connectionFailed, .proxyFailed, .handshakeFailed, .malformedReply, .unexpectedReply, .connectionLost, .timedOut:
      .retry
    }
  }

  /// What happened, as one printable sentence without the remedy; `stage` is where.
  package func words(at stage: UpstreamStage) -> String {
    let sentence =
      switch self {
      case .hostNotFound(let host): "host \"\(host)\" does not exist"
      case .lookupFailed(let why): "cannot look up the upstream: \(why)"
      case .connectionFailed(let why), .sourceUnavailable(let why): "cannot connect: \(why)"
      case .proxyFailed(let why), .proxyRefused(let why): why
      case .certificateUntrusted(let why), .certificateExpired(let why), .hostNameMismatch(let why), .tlsTooOld(let why),
        .handshakeFailed(let why):
        why
      case .peerSpeaksPlaintext: "the upstream answered the TLS handshake in plaintext"
      case .startTLSNotOffered: "STARTTLS was not offered"
      case .plaintextBehindStartTLS: "bytes came behind the reply to STARTTLS, before the handshake"
      case .authenticationImpossible(let refusal): refusal.description
      case .authenticationBroken(let fault): fault.description
      case .credentialsUnavailable(let why): "no credentials: \(why)"
      case .malformedReply(let fault): fault.description
      case .unexpectedReply(let reply): "a reply came that nobody asked for: \(reply)"
      case .connectionLost(let why): "the connection was lost: \(why)"
      case .timedOut: "no answer in time"
      }
    return String(printable: "\(stage.name): \(sentence)", limit: UpstreamReply.wordsLimit)
  }

  /// The failure as the reason of an outcome; the status is of the kind "network and routing" or "security" (RFC 3463 §3.5, §3.8).
  package func reason(at stage: UpstreamStage) -> Outcome.Reason {
    let status =
      switch self {
      case .hostNotFound, .lookupFailed: "4.4.3"
      case .connectionFailed, .sourceUnavailable, .proxyFailed, .proxyRefused: "4.4.1"
      case .connectionLost, .timedOut: "4.4.2"
      case .malformedReply, .unexpectedReply: "4.5.0"
      case .certificateUntrusted, .certificateExpired, .hostNameMismatch, .tlsTooOld, .peerSpeaksPlaintext, .handshakeFailed,
        .startTLSNotOffered, .plaintextBehindStartTLS, .authenticationImpossible, .authenticationBroken, .credentialsUnavailable:
        "4.7.0"
      }
    return Outcome.Reason(code: 0, status: status, text: words(at: stage))
  }
}
