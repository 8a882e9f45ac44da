// SPDX-License-Identifier: Apache-2.0
/// The known habits of providers: replies that mean something else than their code says.
///
/// The first row that matches decides, so a narrow row stands before a wide one. A provider is recognised by its words, not by its host
/// name, because the same service answers under many names.
extension JudgementRule {
  /// The rows built in.
  package static let known: [JudgementRule] = limits + accounts + senders + messages

  /// The rows for an upstream that offers AUTH to us, who have no credentials: a refusal on grounds of policy then tells of a login
  /// that somebody forgot, and nothing bounces for that. Each message is held by itself, since the upstream may relay others for us.
  package static let knownWithoutLogin: [JudgementRule] =
    known + [
      JudgementRule(
        550...554, .subject(5, 7), at: UpstreamStages(.mail, .recipient), means: .operatorFault(.relayingRefused), from: "Postfix"),
      JudgementRule(
        550, .absent, text: "invalid recipient", at: UpstreamStages(.recipient), means: .operatorFault(.relayingRefused),
        from: "OpenSMTPD"),
    ]

  /// How long a quota window is at most.
  private static let day: Duration = .seconds(86_400)
  /// How long to wait when a rate was exceeded and no number was named.
  private static let pause: Duration = .seconds(5)

  /// Too much, too fast, too many at once.
  private static let limits: [JudgementRule] = [
    JudgementRule(421, text: "too many concurrent smtp connections", means: .throttle(.connections), from: "Amazon SES"),
    JudgementRule(421, .exactly(EnhancedStatus(4, 4, 5)), means: .throttle(.connections), from: "SocketLabs"),
    JudgementRule(432, .exactly(EnhancedStatus(4, 3, 2)), means: .throttle(.connections), from: "Exchange Online"),
    JudgementRule(400...499, text: "sender thread limit exceeded", means: .throttle(.connections), from: "Exchange Online"),
    JudgementRule(454, text: "maximum sending rate exceeded", means: .throttle(.rate(pause)), from: "Amazon SES"),
    JudgementRule(454, text: "daily message quota exceeded", means: .quota(day), from: "Amazon SES"),
    JudgementRule(454, text: "throttling failure", means: .throttle(.rate(pause)), from: "Amazon SES"),
    JudgementRule(454, text: "temporary authentication failure", means: .throttle(.logins), from: "Amazon SES"),
    JudgementRule(454, text: "too many login attempts", means: .throttle(.logins), from: "Gmail"),
    JudgementRule(450, text: "peak smtp relay limit exceeded", means: .throttle(.rate(.seconds(60))), from: "Google relay"),
    JudgementRule(550, .exactly(EnhancedStatus(5, 4, 5)), means: .quota(day), from: "Gmail"),
    JudgementRule(550, text: "daily user sending quota exceeded", means: .quota(day), from: "Gmail"),
    JudgementRule(550, text: "daily smtp relay limit exceeded", means: .quota(day), from: "Google relay"),
    JudgementRule(554, text: "submissionquotaexceeded", means: .quota(day), from: "Exchange Online"),
    JudgementRule(
      500...599, text: "too many messages. try again in", at: UpstreamStages(.greeting, .hello, .authentication, .mail),
      means: .throttle(.rate(.seconds(60))), from: "msndr.net"),
    JudgementRule(451, text: "multiple destination domains per transaction", means: .split(.byDomain), from: "Gmail"),
    JudgementRule(
      452, .exactly(EnhancedStatus(4, 5, 3)), at: UpstreamStages(.recipient, .data, .endOfData), means: .split(.byCount), from: "Gmail"),
    JudgementRule(452, text: "too many recipients", at: .transaction, means: .split(.byCount), from: "RFC 5321 §4.5.3.1.10"),
    JudgementRule(
      552, .absent, text: "too many recipients", at: UpstreamStages(.recipient), means: .split(.byCount), from: "RFC 5321 §4.5.3.1.10"),
  ]

  /// Who we are, and whether we may.
  private static let accounts: [JudgementRule] = [
    JudgementRule(421, .exactly(EnhancedStatus(4, 7, 66)), means: .operatorFault(.tlsTooOld), from: "Exchange Online"),
    JudgementRule(
      454, .exactly(EnhancedStatus(4, 5, 0)), at: UpstreamStages(.startTLS), means: .operatorFault(.protocolMistake), from: "Gmail"),
    JudgementRule(535, .exactly(EnhancedStatus(5, 7, 139)), means: .operatorFault(.accountDisabled), from: "Exchange Online"),
    JudgementRule(535, text: "account not subscribed", means: .operatorFault(.accountNotSubscribed), from: "Amazon SES"),
    JudgementRule(550, .exactly(EnhancedStatus(5, 7, 30)), means: .operatorFault(.basicAuthenticationRetired), from: "Exchange Online"),
    JudgementRule(501, .exactly(EnhancedStatus(5, 5, 124)), means: .operatorFault(.tokenRefused), from: "Exchange HVE"),
    JudgementRule(501, .exactly(EnhancedStatus(5, 5, 127)), means: .operatorFault(.tokenRefused), from: "Exchange HVE"),
    JudgementRule(530, text: "starttls", means: .operatorFault(.tlsRequired), from: "RFC 3207"),
    JudgementRule(530, means: .operatorFault(.authenticationRequired), from: "RFC 4954 §6"),
    JudgementRule(500...599, .exactly(EnhancedStatus(5, 7, 57)), means: .operatorFault(.authenticationRequired), from: "Exchange Online"),
    JudgementRule(503, text: "auth", at: UpstreamStages(.mail), means: .operatorFault(.authenticationRequired), from: "several"),
    JudgementRule(535, means: .operatorFault(.credentialsRefused), from: "RFC 4954 §6"),
    JudgementRule(534, means: .operatorFault(.mechanismUnavailable), from: "RFC 4954 §6"),
    JudgementRule(538, means: .operatorFault(.tlsRequired), from: "RFC 4954 §6"),
    JudgementRule(523, means: .operatorFault(.tlsRequired), from: "RFC 5248"),
    JudgementRule(554, .absent, text: "access denied", at: .message, means: .operatorFault(.accessDenied), from: "Amazon SES"),
    JudgementRule(
      554, .exactly(EnhancedStatus(5, 2, 2)), at: .message, means: .operatorFault(.mailboxFull), from: "Exchange Online"),
  ]

  /// Whether this sender may, and to whom.
  private static let senders: [JudgementRule] = [
    JudgementRule(550...554, text: "sendasdenied", at: .transaction, means: .operatorFault(.senderNotAllowed), from: "Exchange Online"),
    JudgementRule(
      550...554, .exactly(EnhancedStatus(5, 2, 252)), at: .transaction, means: .operatorFault(.senderNotAllowed), from: "Exchange Online"),
    JudgementRule(
      550...554, .exactly(EnhancedStatus(5, 7, 60)), at: .transaction, means: .operatorFault(.senderNotAllowed), from: "Exchange Online"),
    JudgementRule(
      500...599, text: "email address is not verified", at: .transaction, means: .operatorFault(.senderNotAllowed), from: "Amazon SES"),
    JudgementRule(500...599, text: "not owned by user", at: .transaction, means: .operatorFault(.senderNotAllowed), from: "Postfix"),
    JudgementRule(500...599, text: "not logged in", at: .transaction, means: .operatorFault(.authenticationRequired), from: "Postfix"),
    JudgementRule(500...599, text: "client host rejected", at: .transaction, means: .operatorFault(.serviceRefused), from: "Postfix"),
    JudgementRule(500...599, text: "relay access denied", at: .transaction, means: .operatorFault(.relayingRefused), from: "Postfix"),
    JudgementRule(500...599, text: "relaying denied", at: .transaction, means: .operatorFault(.relayingRefused), from: "Sendmail"),
    JudgementRule(500...599, text: "relay not permitted", at: .transaction, means: .operatorFault(.relayingRefused), from: "Exim"),
    JudgementRule(500...599, text: "unable to relay", at: .transaction, means: .operatorFault(.relayingRefused), from: "Exchange"),
  ]

  /// What the general rules would take for something else.
  private static let messages: [JudgementRule] = [
    JudgementRule(451, text: "timeout waiting for data", means: .retry, from: "Amazon SES"),
    JudgementRule(451, .exactly(EnhancedStatus(4, 4, 2)), means: .retry, from: "Gmail"),
    JudgementRule(
      503, at: .transaction, means: .retry, from: "RFC 5321 §4.2.2: our sequence was lost, which says nothing about the message"),
    JudgementRule(552, .exactly(EnhancedStatus(5, 3, 4)), at: .transaction, means: .permanent, from: "RFC 1870 §6"),
  ]
}
