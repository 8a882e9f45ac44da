// SPDX-License-Identifier: Apache-2.0
/// Where in the conversation with an upstream a reply or a failure came.
package enum UpstreamStage: UInt8, Hashable, Sendable, CaseIterable {
  /// Finding its address and connecting.
  case connect
  /// The TLS handshake.
  case tls
  /// Its first words.
  case greeting
  /// EHLO or HELO.
  case hello
  /// STARTTLS.
  case startTLS
  /// AUTH and its challenges.
  case authentication
  /// MAIL FROM.
  case mail
  /// RCPT TO.
  case recipient
  /// DATA, before the body.
  case data
  /// The reply to the final dot or the last chunk.
  case endOfData
  /// RSET, NOOP or QUIT, or nothing asked at all.
  case idle

  /// Whether what happens here says something about one message, and not only about the upstream.
  package var concernsMessage: Bool {
    switch self {
    case .mail, .recipient, .data, .endOfData: true
    case .connect, .tls, .greeting, .hello, .startTLS, .authentication, .idle: false
    }
  }

  /// What a person calls it.
  package var name: String {
    switch self {
    case .connect: "connect"
    case .tls: "TLS handshake"
    case .greeting: "greeting"
    case .hello: "EHLO"
    case .startTLS: "STARTTLS"
    case .authentication: "AUTH"
    case .mail: "MAIL"
    case .recipient: "RCPT"
    case .data: "DATA"
    case .endOfData: "end of DATA"
    case .idle: "idle"
    }
  }
}

/// Several stages, for the rows of a table.
package struct UpstreamStages: OptionSet, Hashable, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  /// These stages.
  package init(_ stages: UpstreamStage...) { rawValue = stages.reduce(0) { $0 | 1 << UInt16($1.rawValue) } }

  /// Everywhere.
  package static let all = UpstreamStages(rawValue: .max)
  /// From MAIL to the end of the body.
  package static let transaction = UpstreamStages(.mail, .recipient, .data, .endOfData)
  /// A transaction, but for what concerns one recipient.
  package static let message = UpstreamStages(.mail, .data, .endOfData)

  /// Whether a stage is among them.
  package func contains(_ stage: UpstreamStage) -> Bool { rawValue & 1 << UInt16(stage.rawValue) != 0 }
}
