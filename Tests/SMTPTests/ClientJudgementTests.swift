// SPDX-License-Identifier: Apache-2.0
import Mail
import Octets
import SMTP
import Testing

/// Replies and failures as they really come, and what each must mean.
struct ClientJudgementTests {
  /// A reply at a stage, and its judgement.
  struct Row: Sendable, CustomTestStringConvertible {
    let reply: String
    let stage: UpstreamStage
    let judgement: Judgement

    init(_ reply: String, _ stage: UpstreamStage, _ judgement: Judgement) {
      self.reply = reply
      self.stage = stage
      self.judgement = judgement
    }

    var testDescription: String { "\(stage.name): \(reply)" }
  }

  static let day: Duration = .seconds(86_400)

  /// What providers are known to say.
  static let providers: [Row] = [
    Row("421 4.3.0 Service closing transmission channel", .mail, .retry),
    Row("421 Service not available, closing connection", .greeting, .retry),
    Row("421 4.4.2 Idle for too long", .idle, .retry),
    Row("421 Too many concurrent SMTP connections", .greeting, .throttle(.connections)),
    Row("421 4.4.5 Too many connections, try again later", .greeting, .throttle(.connections)),
    Row("454 Throttling failure: Maximum sending rate exceeded.", .endOfData, .throttle(.rate(.seconds(5)))),
    Row("454 Throttling failure: Daily message quota exceeded.", .endOfData, .quota(day)),
    Row("454 Temporary authentication failure", .authentication, .throttle(.logins)),
    Row("454 4.7.0 Too many login attempts, please try again later", .authentication, .throttle(.logins)),
    Row("451 4.4.2 Timeout waiting for data from client.", .data, .retry),
    Row("451 Timeout waiting for data from client.", .endOfData, .retry),
    Row("451 4.4.2 Timeout - closing connection", .recipient, .retry),
    Row(
      "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending", .authentication, .throttle(.connections)),
    Row("432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", .endOfData, .throttle(.connections)),
    Row("421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade to TLS 1.2", .mail, .operatorFault(.tlsTooOld)),
    Row("450 4.2.1 The user you are trying to contact is receiving mail too quickly", .recipient, .recipient(.transient)),
    Row("450 4.2.1 The user you are trying to contact is receiving mail too quickly", .endOfData, .retry),
    Row("450 4.2.1 Peak SMTP relay limit exceeded for customer.", .mail, .throttle(.rate(.seconds(60)))),
    Row("451 4.3.0 Multiple destination domains per transaction is unsupported.", .recipient, .split(.byDomain)),
    Row("452 4.5.3 Your message has too many recipients", .recipient, .split(.byCount)),
    Row("452 4.5.3 Domain policy size per transaction exceeded", .endOfData, .split(.byCount)),
    Row("452 Too many recipients", .recipient, .split(.byCount)),
    Row("552 Too many recipients", .recipient, .split(.byCount)),
    Row("454 4.5.0 SMTP protocol violation, no commands allowed to pipeline after STARTTLS", .startTLS, .operatorFault(.protocolMistake)),
    Row("530 Authentication required", .mail, .operatorFault(.authenticationRequired)),
    Row("530 5.7.0 Authentication Required", .mail, .operatorFault(.authenticationRequired)),
    Row("530 5.7.57 Client not authenticated to send mail", .mail, .operatorFault(.authenticationRequired)),
    Row(
      "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM", .recipient,
      .operatorFault(.authenticationRequired)),
    Row("530 5.7.0 Must issue a STARTTLS command first", .mail, .operatorFault(.tlsRequired)),
    Row("535 Authentication Credentials Invalid", .authentication, .operatorFault(.credentialsRefused)),
    Row("535 5.7.8 Username and Password not accepted", .authentication, .operatorFault(.credentialsRefused)),
    Row("535 5.7.3 Authentication unsuccessful [AM0PR10CA0001]", .authentication, .operatorFault(.credentialsRefused)),
    Row(
      "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.", .authentication,
      .operatorFault(.accountDisabled)),
    Row(
      "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.", .authentication,
      .operatorFault(.accountDisabled)),
    Row(
      "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy.", .authentication,
      .operatorFault(.accountDisabled)),
    Row(
      "550 5.7.30 Basic authentication is not supported for Client Submission.", .authentication,
      .operatorFault(.basicAuthenticationRetired)),
    Row("501 5.5.124 Invalid XOAUTH2 auth data", .authentication, .operatorFault(.tokenRefused)),
    Row("501 5.5.127 Token will expire soon", .authentication, .operatorFault(.tokenRefused)),
    Row("334 eyJzdGF0dXMiOiI0MDEifQ==", .authentication, .proceed),
    Row("550 5.4.5 Daily user sending quota exceeded.", .endOfData, .quota(day)),
    Row("550-5.4.5 Daily user sending limit exceeded.\r\n550 5.4.5 q", .recipient, .quota(day)),
    Row("550 5.7.1 Daily SMTP relay limit exceeded for customer.", .mail, .quota(day)),
    Row("554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message", .endOfData, .quota(day)),
    Row("554 5.2.2 mailbox full", .endOfData, .operatorFault(.mailboxFull)),
    Row(
      "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied", .endOfData,
      .operatorFault(.senderNotAllowed)),
    Row(
      "554 5.2.252 SendAsDenied; user@example.com not allowed to send as other@example.com", .endOfData, .operatorFault(.senderNotAllowed)),
    Row("550 5.7.60 SMTP; Client does not have permissions to send as this sender", .endOfData, .operatorFault(.senderNotAllowed)),
    Row(
      "554 Message rejected: Email address is not verified. The following identities failed the check", .endOfData,
      .operatorFault(.senderNotAllowed)),
    Row("554 Access denied: User is not authorized to perform ses:SendRawEmail", .endOfData, .operatorFault(.accessDenied)),
    Row("535 Account not subscribed to SES", .authentication, .operatorFault(.accountNotSubscribed)),
    Row("552 Message is too long.", .endOfData, .permanent),
    Row("552 5.3.4 Your message exceeded Google's message size limits.", .mail, .permanent),
    Row("553 Invalid email address", .mail, .permanent),
    Row("553 5.1.2 We weren't able to find the recipient domain.", .recipient, .recipient(.permanent)),
    Row("555 5.5.2 Syntax error. gsmtp", .mail, .permanent),
    Row("550 Too many messages. Try again in 42 seconds", .authentication, .throttle(.rate(.seconds(42)))),
    Row("550 Too many messages. Try again in N seconds", .authentication, .throttle(.rate(.seconds(60)))),
  ]

  @Test(arguments: providers) func `what a provider is known to say is judged as it is meant`(row: Row) throws {
    #expect(Judgement.of(try reply(row.reply), at: row.stage) == row.judgement)
  }

  /// What follows from RFC 5321 and from other servers.
  static let general: [Row] = [
    Row("220 ready", .greeting, .proceed), Row("250 hello", .hello, .proceed), Row("220 go", .startTLS, .proceed),
    Row("235 2.7.0 welcome", .authentication, .proceed), Row("250 2.1.0 ok", .mail, .proceed), Row("250 2.1.5 ok", .recipient, .proceed),
    Row("251 will forward", .recipient, .proceed), Row("354 go", .data, .proceed), Row("250 2.0.0 queued", .endOfData, .delivered),
    Row("250 ok", .idle, .proceed), Row("221 bye", .idle, .proceed),
    Row("250 ok", .data, .retry), Row("354 go", .mail, .retry), Row("354 go", .endOfData, .retry), Row("250 ok", .greeting, .retry),
    Row("220 ok", .recipient, .retry), Row("250 ok", .startTLS, .retry), Row("250 ok", .authentication, .retry),
    Row("451 4.7.1 Greylisted", .recipient, .recipient(.transient)), Row("451 4.3.0 later", .mail, .retry), Row("450 later", .data, .retry),
    Row("452 4.3.1 no room", .endOfData, .retry), Row("421 gone", .recipient, .retry), Row("450 no", .greeting, .retry),
    Row("450 no", .hello, .retry), Row("454 TLS not available", .startTLS, .retry), Row("451 oops", .authentication, .throttle(.logins)),
    Row("554 5.7.1 your address is listed", .greeting, .operatorFault(.serviceRefused)),
    Row("550 no", .hello, .operatorFault(.nameRefused)),
    Row("502 no TLS", .startTLS, .operatorFault(.startTLSRefused)),
    Row("504 5.5.4 unknown mechanism", .authentication, .operatorFault(.mechanismUnavailable)),
    Row("534 5.7.9 too weak", .authentication, .operatorFault(.mechanismUnavailable)),
    Row("538 encrypt first", .authentication, .operatorFault(.tlsRequired)),
    Row("550 denied", .authentication, .operatorFault(.credentialsRefused)),
    Row("550 5.1.1 no such user", .recipient, .recipient(.permanent)),
    Row("550 5.7.1 spam", .endOfData, .permanent), Row("550 5.7.1 spam", .mail, .permanent),
    Row("554 5.5.1 no valid recipients", .data, .permanent),
    Row("503 5.5.1 bad sequence", .mail, .retry), Row("503 need RCPT", .data, .retry),
    Row("503 AUTH first", .mail, .operatorFault(.authenticationRequired)),
    Row("554 5.7.1 <x@y>: Relay access denied", .recipient, .operatorFault(.relayingRefused)),
    Row("550 5.7.1 <x@y>... Relaying denied", .recipient, .operatorFault(.relayingRefused)),
    Row("550 relay not permitted", .recipient, .operatorFault(.relayingRefused)),
    Row("553 5.7.1 <a@b>: Sender address rejected: not owned by user c", .recipient, .operatorFault(.senderNotAllowed)),
    Row("554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied", .recipient, .operatorFault(.serviceRefused)),
    Row("554 5.7.1 <x@y>: Recipient address rejected: Access denied", .recipient, .recipient(.permanent)),
    Row("554 5.2.2 mailbox full", .recipient, .recipient(.permanent)), Row("552 5.2.2 over quota", .recipient, .recipient(.permanent)),
    Row("599 what", .recipient, .recipient(.permanent)), Row("500 what", .endOfData, .permanent), Row("500 what", .idle, .retry),
  ]

  @Test(arguments: general) func `what nobody in particular says is judged by the rules`(row: Row) throws {
    #expect(Judgement.of(try reply(row.reply), at: row.stage) == row.judgement)
  }

  static let failures: [(UpstreamFailure, UpstreamStage, Judgement, String)] = [
    (.hostNotFound("smtp.example"), .connect, .operatorFault(.hostNotFound), "4.4.3"),
    (.lookupFailed("no name server answers"), .connect, .retry, "4.4.3"),
    (.connectionFailed("connection refused"), .connect, .retry, "4.4.1"),
    (.certificateUntrusted("unable to get local issuer certificate"), .tls, .operatorFault(.certificateUntrusted), "4.7.0"),
    (.certificateExpired("certificate has expired"), .tls, .operatorFault(.certificateExpired), "4.7.0"),
    (.hostNameMismatch("smtp.example"), .tls, .operatorFault(.hostNameMismatch), "4.7.0"),
    (.tlsTooOld("unsupported protocol"), .tls, .operatorFault(.tlsTooOld), "4.7.0"),
    (.peerSpeaksPlaintext, .tls, .operatorFault(.peerSpeaksPlaintext), "4.7.0"),
    (.handshakeFailed("alert"), .tls, .retry, "4.7.0"),
    (.startTLSNotOffered, .startTLS, .operatorFault(.startTLSNotOffered), "4.7.0"),
    (.plaintextBehindStartTLS, .startTLS, .operatorFault(.tampering), "4.7.0"),
    (.authenticationImpossible(.notOffered), .authentication, .operatorFault(.authenticationNotOffered), "4.7.0"),
    (.authenticationImpossible(.channelUnsafe(.plaintext)), .authentication, .operatorFault(.channelUnsafe), "4.7.0"),
    (
      .authenticationImpossible(.nothingInCommon(offered: ["A"], wanted: ["B"])), .authentication, .operatorFault(.mechanismUnavailable),
      "4.7.0"
    ),
    (.authenticationBroken(.unexpectedChallenge), .authentication, .retry, "4.7.0"),
    (.credentialsUnavailable("no such file"), .authentication, .operatorFault(.credentialsUnavailable), "4.7.0"),
    (.malformedReply(.bareLineFeed), .mail, .retry, "4.5.0"),
    (.connectionLost("reset by peer"), .endOfData, .retry, "4.4.2"),
    (.timedOut, .endOfData, .retry, "4.4.2"),
  ]

  @Test(arguments: failures) func `a failure without a reply is judged and put into words`(
    failure: UpstreamFailure, stage: UpstreamStage, judgement: Judgement, status: String
  ) {
    #expect(Judgement.of(failure) == judgement)
    #expect(judgement.verdict == .deferred)
    let reason = failure.reason(at: stage)
    #expect(reason.code == 0)
    #expect(reason.status == status)
    #expect(reason.text.hasPrefix(stage.name + ": "))
  }

  @Test(arguments: UpstreamStage.allCases) func `before MAIL no reply whatever lets a message fail`(stage: UpstreamStage) throws {
    guard !stage.concernsMessage else { return }
    for code in 200...599 {
      for status in ["", "5.7.1 ", "5.2.2 ", "5.3.4 ", "4.4.2 "] {
        let judgement = Judgement.of(try reply("\(code) \(status)whatever"), at: stage)
        #expect(judgement.verdict != .failed && judgement.verdict != .delivered)
      }
    }
  }

  @Test func `only the reply to the end of the body delivers, and only 250 to 252`() throws {
    for stage in UpstreamStage.allCases {
      for code in 200...599 {
        let isDelivered = Judgement.of(try reply("\(code) x"), at: stage) == .delivered
        #expect(isDelivered == (stage == .endOfData && (250...252).contains(code)))
      }
    }
  }

  @Test func `rules of the configuration come before what is built in`() throws {
    let refused = try reply("550 5.7.1 blocked for TODAY, try in 7 seconds")
    let rules = [
      JudgementRule(
        550...559, .subject(5, 7), text: "Blocked for today", at: .message, means: .throttle(.rate(.seconds(1))), from: "configuration"),
      JudgementRule(550...550, .exactly(EnhancedStatus(5, 7, 1)), means: .quota(Self.day), from: "configuration"),
      JudgementRule(535...535, means: .retry, from: "configuration"),
    ]
    #expect(Judgement.of(refused, at: .mail) == .permanent)
    #expect(Judgement.of(refused, at: .mail, rules: rules) == .throttle(.rate(.seconds(7))))
    #expect(Judgement.of(refused, at: .recipient, rules: rules) == .quota(Self.day))
    #expect(Judgement.of(try reply("535 5.7.139 no"), at: .authentication, rules: rules) == .retry)
  }

  @Test func `every operator fault has a summary and a remedy of its own`() {
    let all = OperatorFault.allCases
    #expect(Set(all.map(\.summary)).count == all.count)
    for fault in all {
      #expect(!fault.remedy.isEmpty && fault.remedy.last != ".")
      #expect(fault.description == "\(fault.summary); \(fault.remedy)")
    }
    #expect(OperatorFault.senderNotAllowed.scope == .message)
    #expect(OperatorFault.credentialsRefused.scope == .upstream)
  }

  @Test func `the words of a failure are printable whatever the peer put in`() {
    let words = UpstreamFailure.connectionLost("\u{1b}[31m\r\n" + String(repeating: "x", count: 2000)).words(at: .endOfData)
    #expect(words.hasPrefix("end of DATA: the connection was lost: ?[31m??"))
    #expect(words.utf8.count <= UpstreamReply.wordsLimit)
  }

  @Test func `a verdict is failed only where nothing can be gained by waiting`() {
    #expect(Judgement.proceed.verdict == nil)
    #expect(Judgement.delivered.verdict == .delivered)
    #expect(Judgement.permanent.verdict == .failed)
    #expect(Judgement.recipient(.permanent).verdict == .failed)
    for later in [
      Judgement.retry, .throttle(.logins), .quota(.seconds(1)), .split(.byCount), .recipient(.transient), .operatorFault(.tlsTooOld),
    ] {
      #expect(later.verdict == .deferred)
    }
  }

  private func reply(_ text: String) throws -> UpstreamReply {
    var reader = ReplyReader()
    var queue = ByteQueue()
    queue.append(text + "\r\n")
    return try #require(try reader.next(from: &queue))
  }
}
