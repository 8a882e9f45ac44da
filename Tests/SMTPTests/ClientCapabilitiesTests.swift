// SPDX-License-Identifier: Apache-2.0
import Octets
import SMTP
import Testing

/// What real upstreams offer, and what must not be taken for an offer.
struct ClientCapabilitiesTests {
  @Test func `Gmail's offer is read`() throws {
    let offer = UpstreamCapabilities(
      try clientReply(
        "250-smtp.gmail.com at your service, [192.0.2.1]", "250-SIZE 35882577", "250-8BITMIME",
        "250-AUTH LOGIN PLAIN XOAUTH2 PLAIN-CLIENTTOKEN OAUTHBEARER XOAUTH", "250-ENHANCEDSTATUSCODES", "250-PIPELINING",
        "250-CHUNKING", "250 SMTPUTF8"))
    #expect(offer.sizeLimit == ByteCount(bytes: 35_882_577))
    #expect(offer.extensions == [.size, .eightBit, .enhancedStatusCodes, .pipelining, .chunking, .internationalized])
    #expect(offer.mechanisms == ["LOGIN", "PLAIN", "XOAUTH2", "PLAIN-CLIENTTOKEN", "OAUTHBEARER", "XOAUTH"])
    #expect(!offer.offers(.startTLS))
  }

  @Test func `a last line that is no keyword is passed over, as Amazon SES sends it`() throws {
    let offer = UpstreamCapabilities(
      try clientReply("250-email-smtp.amazonaws.com", "250-8BITMIME", "250-STARTTLS", "250-AUTH PLAIN LOGIN", "250 Ok"))
    #expect(offer.extensions == [.eightBit, .startTLS])
    #expect(offer.mechanisms == ["PLAIN", "LOGIN"])
    #expect(offer.sizeLimit == nil)
  }

  @Test func `the old form of AUTH counts, and a mechanism named twice counts once`() throws {
    let offer = UpstreamCapabilities(try clientReply("250-x", "250-AUTH PLAIN LOGIN", "250-AUTH=PLAIN LOGIN", "250 auth=cram-md5"))
    #expect(offer.mechanisms == ["PLAIN", "LOGIN", "CRAM-MD5"])
  }

  @Test func `every extension is known in any case`() throws {
    let offer = UpstreamCapabilities(
      try clientReply(
        "250-x", "250-pipelining", "250-Size", "250-8bitMIME", "250-SmtpUtf8", "250-starttls", "250-chunking", "250-binarymime",
        "250-dsn", "250-enhancedstatuscodes", "250-RequireTLS", "250 LIMITS rcptmax=50 MAILMAX=1000 RCPTDOMAINMAX=1"))
    #expect(offer.extensions.rawValue == 1023)
    #expect(offer.recipientLimit == 50)
    #expect(offer.transactionLimit == 1000)
  }

  @Test(arguments: ["250-x", "250-x PIPELINING", "250-PIPELINING"]) func `the first line is never an offer`(first: String) throws {
    #expect(UpstreamCapabilities(try clientReply(first, "250 Ok")) == UpstreamCapabilities())
    #expect(UpstreamCapabilities(try clientReply("250 PIPELINING")) == UpstreamCapabilities())
  }

  @Test(arguments: ["SIZE", "SIZE 0", "SIZE -5", "SIZE +5", "SIZE many", "SIZE 99999999999999999999999", "SIZE "])
  func `a size that is no limit limits nothing`(line: String) throws {
    let offer = UpstreamCapabilities(try clientReply("250-x", "250 \(line)"))
    #expect(offer.offers(.size))
    #expect(offer.sizeLimit == nil)
  }

  @Test(arguments: [
    "LIMITS RCPTMAX", "LIMITS RCPTMAX=", "LIMITS RCPTMAX=0", "LIMITS RCPTMAX=x", "LIMITS =5", "LIMITS", "XRCPTMAX=5", "AUTH", "AUTH=",
  ])
  func `a limit or mechanism that is none is passed over`(line: String) throws {
    let offer = UpstreamCapabilities(try clientReply("250-x", "250 \(line)"))
    #expect(offer.recipientLimit == nil)
    #expect(offer.mechanisms.isEmpty)
  }

  @Test func `an endless list of mechanisms is cut`() throws {
    let names = (0..<200).map { "M\($0)" }.joined(separator: " ")
    #expect(UpstreamCapabilities(try clientReply("250-x", "250 AUTH \(names)")).mechanisms.count == 64)
  }
}
