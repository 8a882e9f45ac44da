// SPDX-License-Identifier: Apache-2.0
package import Octets

/// What an upstream offered in its reply to EHLO: the only things a session may make use of (RFC 5321 §4.1.1.1).
///
/// What was offered before STARTTLS is forgotten: the session asks again and makes a new value from the new reply. The first line is a
/// greeting and never a keyword; lines that are no known keyword are passed over, such as the final "Ok" of Amazon SES.
package struct UpstreamCapabilities: Hashable, Sendable {
  /// The extensions without a value of their own.
  package private(set) var extensions: Extensions = []
  /// The largest message the upstream takes; nil where it named none (RFC 1870).
  package private(set) var sizeLimit: ByteCount?
  /// The mechanisms of AUTH in the order offered, in upper case, each once (RFC 4954), also from the old form `AUTH=`.
  package private(set) var mechanisms: [String] = []
  /// The most recipients in one transaction (RFC 9422 RCPTMAX).
  package private(set) var recipientLimit: Int?
  /// The most transactions on one connection (RFC 9422 MAILMAX).
  package private(set) var transactionLimit: Int?

  /// What follows from HELO: nothing.
  package init() {}

  /// What the reply to EHLO offers.
  package init(_ reply: UpstreamReply) {
    for line in reply.lines.dropFirst() { add(line) }
  }

  /// Whether an extension was offered.
  package func offers(_ extension: Extensions) -> Bool { extensions.isSuperset(of: `extension`) }

  private mutating func add(_ line: String) {
    var words = line.split(separator: " ").map(String.init)
    guard !words.isEmpty else { return }
    let keyword = words.removeFirst().asciiUppercased
    if let known = Extensions.keywords[keyword] { extensions.insert(known) }
    switch keyword {
    case "SIZE":
      if let size = words.first.flatMap(UpstreamCapabilities.number), size > 0 { sizeLimit = ByteCount(bytes: size) }
    case "LIMITS":
      for word in words { addLimit(word) }
    case "AUTH":
      addMechanisms(words)
    case _ where keyword.hasPrefix("AUTH="):
      addMechanisms([String(keyword.dropFirst(5))] + words)
    default:
      break
    }
  }

  private mutating func addMechanisms(_ names: [String]) {
    for name in names.map(\.asciiUppercased) {
      guard !name.isEmpty, mechanisms.count < UpstreamCapabilities.mostMechanisms, !mechanisms.contains(name) else { continue }
      mechanisms.append(name)
    }
  }

  private mutating func addLimit(_ word: String) {
    let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, let value = UpstreamCapabilities.number(parts[1]), value > 0 else { return }
    switch parts[0].asciiUppercased {
    case "RCPTMAX": recipientLimit = value
    case "MAILMAX": transactionLimit = value
    default: break
    }
  }

  /// A decimal number without a sign.
  private static func number(_ text: String) -> Int? {
    text.utf8.allSatisfy(\.isASCIIDigit) ? Int(text) : nil
  }

  private static let mostMechanisms = 64

  /// Extensions that are either offered or not.
  package struct Extensions: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Several commands in one flight (RFC 2920).
    package static let pipelining = Extensions(rawValue: 1)
    /// The size announced with MAIL (RFC 1870).
    package static let size = Extensions(rawValue: 2)
    /// Eight-bit bodies (RFC 6152).
    package static let eightBit = Extensions(rawValue: 4)
    /// Addresses and headers in UTF-8 (RFC 6531).
    package static let internationalized = Extensions(rawValue: 8)
    /// Going over to TLS (RFC 3207).
    package static let startTLS = Extensions(rawValue: 16)
    /// Bodies in counted pieces (RFC 3030).
    package static let chunking = Extensions(rawValue: 32)
    /// Bodies without lines (RFC 3030).
    package static let binary = Extensions(rawValue: 64)
    /// Delivery status notifications on request (RFC 3461).
    package static let notifications = Extensions(rawValue: 128)
    /// Enhanced status codes in replies (RFC 2034).
    package static let enhancedStatusCodes = Extensions(rawValue: 256)
    /// Encryption on every hop on request (RFC 8689).
    package static let requireTLS = Extensions(rawValue: 512)

    fileprivate static let keywords: [String: Extensions] = [
      "PIPELINING": .pipelining, "SIZE": .size, "8BITMIME": .eightBit, "SMTPUTF8": .internationalized, "STARTTLS": .startTLS,
      "CHUNKING": .chunking, "BINARYMIME": .binary, "DSN": .notifications, "ENHANCEDSTATUSCODES": .enhancedStatusCodes,
      "REQUIRETLS": .requireTLS,
    ]
  }
}

extension String {
  /// This text with its ASCII letters in upper case.
  fileprivate var asciiUppercased: String { String(decoding: utf8.map(\.asciiUppercased), as: UTF8.self) }
}
