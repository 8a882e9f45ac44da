// SPDX-License-Identifier: Apache-2.0
import Mail
import Testing

/// A mailbox taken apart.
@Suite struct MailboxTests {
  @Test(arguments: [
    ("user", "example.com", "user@example.com"), ("\"a@b\"", "[127.0.0.1]", "\"a@b\"@[127.0.0.1]"), ("grüße", "例え.jp", "grüße@例え.jp"),
  ])
  func `its parts are what it was made of`(local: String, domain: String, text: String) {
    let mailbox = Mailbox(verifiedLocalPart: local, domain: domain)
    #expect(mailbox.text == text && String(mailbox.localPart) == local && String(mailbox.domain) == domain)
  }

  @Test func `postmaster has no domain`() {
    let mailbox = Mailbox(verifiedLocalPart: "postmaster", domain: nil)
    #expect(mailbox.text == "postmaster" && mailbox.localPart == "postmaster" && mailbox.domain.isEmpty)
  }
}
