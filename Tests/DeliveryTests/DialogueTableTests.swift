// SPDX-License-Identifier: Apache-2.0
import Dialogues
import Testing

/// Which dialogue file shows which habit of a provider, which hazard, and which stage of a conversation.
///
/// The files are played by ``UpstreamDialogueTests``; here it is proved that none is missing and none stands outside the tables.
@Suite struct DialogueTableTests {
  /// What is shown, what its files must have in them, and the files.
  struct Row: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let words: String
    let files: [String]

    init(_ subject: String, _ words: String = "", _ files: String...) {
      testDescription = subject
      self.words = words
      self.files = files
    }
  }

  /// Replies that mean something else than their code says, or that only one provider gives.
  static let replies: [Row] = [
    Row("421, connection closing", "U: 421", "judge-421-greeting", "judge-421-mail", "judge-421-rcpt"),
    Row("421 Too many concurrent SMTP connections (SES)", "concurrent SMTP connections", "judge-421-ses-connections"),
    Row("421 4.4.5 (SocketLabs)", "421 4.4.5", "judge-421-socketlabs-mail", "judge-421-socketlabs-rcpt"),
    Row("454 Maximum sending rate exceeded (SES)", "Maximum sending rate exceeded", "judge-454-ses-rate"),
    Row("454 Daily message quota exceeded (SES)", "Daily message quota exceeded", "judge-454-ses-quota"),
    Row("454 Temporary authentication failure (SES)", "Temporary authentication failure", "judge-454-ses-login"),
    Row("454 4.7.0 Too many login attempts (Gmail)", "454 4.7.0 Too many login attempts", "judge-454-gmail-login"),
    Row("451 Timeout waiting for data (SES)", "Timeout waiting for data", "judge-451-ses-timeout"),
    Row("451 4.4.2 (Gmail)", "451 4.4.2", "judge-451-gmail-timeout"),
    Row("432 4.3.2 Concurrent connections limit exceeded (Exchange)", "432 4.3.2", "judge-432-exchange-connections"),
    Row("STOREDRV.ClientSubmit sender thread limit exceeded (Exchange)", "sender thread limit", "judge-432-exchange-threads"),
    Row("421 4.7.66 TLS 1.0 and 1.1 are not supported (Exchange)", "421 4.7.66", "judge-421-exchange-tls"),
    Row("450 4.2.1 recipient too fast (Gmail)", "450 4.2.1", "judge-450-gmail-recipient"),
    Row("450 4.2.1 Peak SMTP relay limit exceeded (Google relay)", "Peak SMTP relay limit exceeded", "judge-450-google-peak"),
    Row("451 4.3.0 Multiple destination domains (Gmail)", "Multiple destination domains", "split-domain"),
    Row("452 4.5.3 too many recipients (Gmail and others)", "452 4.5.3", "split-count"),
    Row("454 4.5.0 after STARTTLS (Gmail)", "454 4.5.0", "judge-454-gmail-starttls"),
    Row("530 Authentication required", "U: 530", "judge-530-mail", "judge-530-status-mail"),
    Row("530 5.7.57 Client not authenticated (Exchange)", "5.7.57", "judge-530-exchange-mail"),
    Row("535 Authentication Credentials Invalid", "U: 535", "judge-535-ses", "judge-535-gmail", "judge-535-exchange"),
    Row("535 to a token", "U: 535 5.7.3", "judge-535-exchange-token"),
    Row(
      "535 5.7.139, disabled for tenant or mailbox, security defaults (Exchange)", "535 5.7.139", "judge-535-exchange-disabled",
      "judge-535-exchange-defaults"),
    Row("550 5.7.30 Basic authentication is not supported (Exchange)", "550 5.7.30", "judge-550-exchange-basic"),
    Row("501 5.5.124 Invalid XOAUTH2 auth data (Exchange HVE)", "501 5.5.124", "judge-501-exchange-token"),
    Row("501 5.5.127 token will expire soon (Exchange HVE)", "501 5.5.127", "judge-501-exchange-expiring"),
    Row("334 with JSON, then 535 (Gmail)", "U: 334 eyJ", "judge-334-gmail-token", "judge-334-gmail-bearer"),
    Row("550 5.4.5 Daily user sending quota exceeded (Gmail)", "550 5.4.5", "judge-550-gmail-quota", "judge-550-gmail-quota-close"),
    Row(
      "550 5.7.1 Daily SMTP relay limit exceeded (Google relay)", "Daily SMTP relay limit exceeded", "judge-550-google-relay-quota",
      "judge-550-google-relay-quota-close"),
    Row("554 5.2.0 SubmissionQuotaExceeded (Exchange)", "SubmissionQuotaExceeded", "judge-554-exchange-quota"),
    Row("554 5.2.2 mailbox full (Exchange)", "554 5.2.2", "judge-554-exchange-full"),
    Row("SendAsDenied (Exchange)", "SendAsDenied", "judge-554-exchange-sendas", "judge-554-exchange-sendas-store"),
    Row("550 5.7.60 (Exchange)", "5.7.60", "judge-550-exchange-sendas"),
    Row("554 Email address is not verified (SES)", "Email address is not verified", "judge-554-ses-unverified"),
    Row("554 Access denied (SES)", "Access denied", "judge-554-ses-denied"),
    Row("535 Account not subscribed (SES)", "not subscribed", "judge-535-ses-subscription"),
    Row("552 Message is too long", "U: 552", "judge-552-ses-size", "judge-552-gmail-size"),
    Row("553 invalid address", "U: 553", "judge-553-address"),
    Row("555 5.5.2 Syntax error (Gmail)", "555 5.5.2", "judge-555-gmail-syntax"),
    Row("550 Too many messages. Try again in N seconds (msndr.net)", "Too many messages", "judge-550-msndr-rate"),
    Row(
      "what no provider has a habit for", "", "judge-451-end", "judge-550-hello", "judge-550-recipient", "judge-554-content",
      "judge-554-greeting", "judge-554-relaying"),
  ]

  /// What can be done to a client through its upstream.
  static let hazards: [Row] = [
    Row("3: a body smuggles commands outwards", "C: ...a line", "smuggling-outward"),
    Row("5: words injected behind the reply to STARTTLS", "STARTTLS", "tls-injection", "tls-injection-half"),
    Row(
      "5: what was said before TLS is acted on", "C: STARTTLS", "tls-starttls", "tls-forgotten", "tls-refused", "tls-refused-words",
      "auth-before-tls"),
    Row("6: STARTTLS is stripped", "Upstream.TLS=starttls", "tls-stripped"),
    Row("6: AUTH is stripped, or its mechanisms are weakened", "State: queued 0", "auth-missing", "auth-foreign", "auth-downgrade"),
    Row("7: a certificate that nobody vouches for", "TLS:", "tls-expired", "tls-elsewhere", "tls-foreign", "tls-opportunistic"),
    Row(
      "10: replies without end", "", "garbage-endless-greeting", "garbage-endless-reply", "garbage-long-line", "auth-endless",
      "stall-trickle"),
    Row(
      "10: replies that are none", "", "garbage-bare-lf", "garbage-code", "garbage-continued", "garbage-letters", "garbage-nul",
      "auth-garbage", "reply-control-characters", "stall-half-reply"),
    Row(
      "10: replies that do not belong to the commands", "", "mismatch-data-ok", "mismatch-early-go", "mismatch-end-go", "mismatch-extra",
      "mismatch-two-greetings", "early-surplus", "early-refusal"),
    Row(
      "12: a transaction that is left over takes in the next one's recipients", "", "nobody-chunk", "nobody-chunk-reset-lost",
      "nobody-data-refused", "nobody-data-taken", "nobody-mail-refused"),
    Row(
      "24: a connection that dies makes a message arrive twice, or never", "", "taken-then-lost", "behind-dot-lost", "idle-lost",
      "idle-closed"),
  ]

  /// Where a conversation stands, and the four things that can go wrong there.
  static let stages: [Row] = [
    Row("greeting", "", "stall-greeting", "close-greeting", "reset-greeting", "garbage-letters"),
    Row("EHLO", "EHLO", "stall-hello", "close-hello", "reset-hello", "garbage-hello"),
    Row("STARTTLS", "C: STARTTLS", "stall-starttls", "close-starttls", "reset-starttls", "garbage-starttls"),
    Row("handshake", "220 go", "tls-stall", "close-handshake", "reset-handshake", "garbage-handshake"),
    Row("AUTH", "C: AUTH", "stall-login", "close-login", "reset-login", "garbage-login"),
    Row("MAIL", "C: MAIL", "stall-mail", "close-mail", "reset-mail", "garbage-mail"),
    Row("RCPT", "C: RCPT", "stall-rcpt", "close-rcpt", "reset-rcpt", "garbage-rcpt"),
    Row("DATA", "C: DATA", "stall-data", "close-data", "reset-data", "garbage-data"),
    Row("envelope in one flight", "C: DATA", "stall-flight", "close-flight", "reset-flight"),
    Row("body", "Given: body", "stall-body", "close-body", "reset-body", "garbage-body"),
    Row("final dot", "Body:", "stall-end", "close-dot", "reset-dot", "garbage-end"),
    Row("chunk", "C: BDAT", "close-chunk", "reset-chunk"),
    Row("QUIT", "C: QUIT", "stall-quit", "close-quit", "reset-quit", "garbage-quit"),
    Row("replies a byte at a time", "U. ", "good-bytes", "good-bytes-login", "good-bytes-refused", "good-bytes-starttls"),
  ]

  @Test(arguments: replies + hazards + stages) func `the dialogue files of a row are there and are about it`(row: Row) throws {
    let texts = DialogueFolder.files(in: "upstream")
    for file in row.files {
      let text = try #require(texts.first { $0.name == file + ".dialogue" }?.text, "\(file).dialogue is missing")
      #expect(row.words.isEmpty || text.contains(row.words), "\(file).dialogue is not about \(row.words)")
      #expect(text.hasPrefix("# "), "\(file).dialogue must say in its first line what it shows")
      #expect(text.contains("\nTo: "), "\(file).dialogue must say what becomes of the mail")
    }
  }

  @Test func `no dialogue about a reply, a hazard or a stage stands outside the tables`() {
    let named = Set((DialogueTableTests.replies + DialogueTableTests.hazards + DialogueTableTests.stages).flatMap(\.files))
    let kinds = ["judge-", "stall-", "close-", "reset-", "garbage-", "mismatch-"]
    let files = DialogueFolder.files(in: "upstream").map { String($0.name.dropLast(".dialogue".count)) }
    let strays = files.filter { file in kinds.contains { file.hasPrefix($0) } && !named.contains(file) }
    #expect(strays.isEmpty, "put them into a table: \(strays)")
  }
}
