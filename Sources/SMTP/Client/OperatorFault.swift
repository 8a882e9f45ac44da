// SPDX-License-Identifier: Apache-2.0
/// Something that only the person who runs this relay can put right, with the words that say how.
///
/// Mail is held and nothing is bounced. A fault of the whole upstream stops deliveries there until a probe succeeds; a fault of one
/// message holds that message alone, so that one app with a wrong sender, or one recipient with a full mailbox, cannot stop the others.
package enum OperatorFault: String, Hashable, Sendable, CaseIterable {
  case hostNotFound
  case sourceUnavailable
  case proxyRefused
  case certificateUntrusted
  case certificateExpired
  case hostNameMismatch
  case clientCertificateRefused
  case tlsTooOld
  case tlsRequired
  case peerSpeaksPlaintext
  case startTLSNotOffered
  case startTLSRefused
  case tampering
  case serviceRefused
  case nameRefused
  case authenticationRequired
  case authenticationNotOffered
  case mechanismUnavailable
  case channelUnsafe
  case credentialsUnavailable
  case credentialsRefused
  case accountDisabled
  case basicAuthenticationRetired
  case tokenRefused
  case upstreamUnproved
  case accountNotSubscribed
  case accessDenied
  case mailboxFull
  case senderNotAllowed
  case relayingRefused
  case protocolMistake
  case upstreamHeldByRule
  case messageHeldByRule

  /// How much is held.
  package enum Scope: Hashable, Sendable {
    /// Everything that would go to this upstream.
    case upstream
    /// The one message.
    case message
  }

  /// What is held until the fault is gone.
  package var scope: Scope {
    switch self {
    case .senderNotAllowed, .relayingRefused, .mailboxFull, .messageHeldByRule: .message
    case .hostNotFound, .sourceUnavailable, .proxyRefused, .certificateUntrusted, .certificateExpired, .hostNameMismatch,
      .clientCertificateRefused, .tlsTooOld,
      .tlsRequired, .peerSpeaksPlaintext, .startTLSNotOffered, .startTLSRefused, .tampering, .serviceRefused, .nameRefused,
      .authenticationRequired,
      .authenticationNotOffered, .mechanismUnavailable, .channelUnsafe, .credentialsUnavailable, .credentialsRefused,
      .accountDisabled, .basicAuthenticationRetired, .tokenRefused, .upstreamUnproved, .accountNotSubscribed, .accessDenied,
      .protocolMistake, .upstreamHeldByRule:
      .upstream
    }
  }

  /// What is wrong, in a few words.
  package var summary: String {
    switch self {
    case .hostNotFound: "the upstream's host name does not exist"
    case .sourceUnavailable: "this machine cannot connect from the address it was told to use"
    case .proxyRefused: "the proxy does not let us through to the upstream"
    case .certificateUntrusted: "the upstream's certificate is not signed by an authority we trust"
    case .certificateExpired: "the upstream's certificate is not valid at this time"
    case .hostNameMismatch: "the upstream's certificate is for another host name"
    case .clientCertificateRefused: "the upstream does not take our certificate"
    case .tlsTooOld: "upstream and relay have no TLS version in common"
    case .tlsRequired: "the upstream wants TLS first"
    case .peerSpeaksPlaintext: "the upstream does not begin with TLS on this port"
    case .startTLSNotOffered: "the upstream does not offer STARTTLS"
    case .startTLSRefused: "the upstream refused STARTTLS"
    case .tampering: "somebody sent bytes between STARTTLS and the handshake"
    case .serviceRefused: "the upstream refuses our connections"
    case .nameRefused: "the upstream refuses the name we greet with"
    case .authenticationRequired: "the upstream wants us to log in"
    case .authenticationNotOffered: "the upstream does not offer AUTH"
    case .mechanismUnavailable: "the upstream offers no AUTH mechanism that we may use"
    case .channelUnsafe: "credentials are not sent without verified TLS"
    case .credentialsUnavailable: "the upstream's password, token or key cannot be read"
    case .credentialsRefused: "the upstream refused user and password"
    case .accountDisabled: "SMTP AUTH is switched off for this account"
    case .basicAuthenticationRetired: "the upstream no longer takes passwords"
    case .tokenRefused: "the upstream refused the access token"
    case .upstreamUnproved: "the upstream could not prove that it knows the password"
    case .accountNotSubscribed: "the account is not subscribed to the sending service"
    case .accessDenied: "the account lacks the permission to send"
    case .mailboxFull: "a mailbox at the upstream is full"
    case .senderNotAllowed: "the account may not send with this sender"
    case .relayingRefused: "the upstream does not relay for us to this recipient"
    case .protocolMistake: "the upstream refused a command that should be right"
    case .upstreamHeldByRule: "a rule of the configuration holds the upstream for this reply"
    case .messageHeldByRule: "a rule of the configuration holds the message for this reply"
    }
  }

  /// What to do about it.
  package var remedy: String {
    switch self {
    case .hostNotFound: "check Host in [Upstream] and this machine's DNS"
    case .sourceUnavailable: "correct SourceAddress in [Upstream], or give this machine that address"
    case .proxyRefused: "correct Proxy in [Upstream], or let the proxy allow this machine, host and port"
    case .certificateUntrusted: "install the package ca-certificates, or name the authority's certificate in CAFile"
    case .certificateExpired: "have it renewed there, and check this machine's clock"
    case .hostNameMismatch: "set Host to a name that the certificate carries"
    case .clientCertificateRefused: "set ClientCertificate and ClientKey in [Upstream] to a pair that it trusts"
    case .tlsTooOld: "use an upstream with TLS 1.2 or newer"
    case .tlsRequired: "set TLS=starttls, or TLS=implicit with port 465"
    case .peerSpeaksPlaintext: "set TLS=starttls, or use the port for implicit TLS (465)"
    case .startTLSNotOffered: "set TLS=implicit with port 465, or use the submission port 587"
    case .startTLSRefused: "set TLS=implicit with port 465, or ask the provider"
    case .tampering: "look for a device on the way that changes mail traffic"
    case .serviceRefused: "read its words; often this machine's address is blocked there or not yet allowed"
    case .nameRefused: "set Hostname in [Relay] to this machine's full domain name"
    case .authenticationRequired: "set User and a Password… setting in [Upstream]"
    case .authenticationNotOffered: "check Port and TLS, or remove User where the upstream knows this machine by its address"
    case .mechanismUnavailable: "allow one that it offers, or use another kind of credentials"
    case .channelUnsafe: "set TLS=starttls or TLS=implicit, and Verify=yes"
    case .credentialsUnavailable: "mail waits until it can be read"
    case .credentialsRefused: "correct User and the password in [Upstream]"
    case .accountDisabled: "enable SMTP AUTH for the mailbox and the tenant; security defaults may forbid it"
    case .basicAuthenticationRetired: "use OAuth credentials, or another upstream"
    case .tokenRefused: "renew tokens earlier, and check that user and token belong together"
    case .upstreamUnproved: "check that Host is the right one; if it is, somebody may stand between, or the account is stored wrongly there"
    case .accountNotSubscribed: "finish the account's sign-up with the provider"
    case .accessDenied: "grant it (Amazon SES: ses:SendRawEmail)"
    case .mailboxFull: "empty it; in an Exchange account that sends, Sent Items count too"
    case .senderNotAllowed: "verify the sender with the provider, let the account send as it, or have it rewritten"
    case .relayingRefused: "set User and Password, or have this machine's address allowed there"
    case .protocolMistake: "report it together with the log of this connection"
    case .upstreamHeldByRule: "read the reply and put right what it says; it is tried again by itself"
    case .messageHeldByRule: "read the reply, put right what it says, and flush the message"
    }
  }
}

extension OperatorFault: CustomStringConvertible {
  package var description: String { "\(summary); \(remedy)" }
}
