// SPDX-License-Identifier: Apache-2.0
internal import Octets
internal import Timekeeping

/// What this server says it can do, and therefore what it takes: the one place that decides both.
///
/// A command or parameter that belongs to an extension is refused unless the extension is in the offer of the moment, so that nothing half
/// configured can be used by a client that did not ask.
package struct ServerOffer: Hashable, Sendable {
  /// The name this server greets with.
  package var host: String
  /// The extensions that the configuration allows.
  package var extensions: Extensions
  /// The farthest future a message may be held for (RFC 4865).
  package var longestHold: Duration
  /// Whether no mail is taken before TLS is on (RFC 3207 §4).
  package var demandsTLS = false

  /// An offer of some extensions under a host's name.
  package init(host: String, extensions: Extensions = .usual, longestHold: Duration = .seconds(30 * 86_400)) {
    self.host = host
    self.extensions = extensions
    self.longestHold = longestHold
  }

  /// The service extensions of RFC 5321 §2.2 that this server knows.
  package struct Extensions: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Several commands in one flight (RFC 2920).
    package static let pipelining = Extensions(rawValue: 1 << 0)
    /// The size announced beforehand (RFC 1870).
    package static let size = Extensions(rawValue: 1 << 1)
    /// Bytes above 0x7f in a body (RFC 6152).
    package static let eightBitMIME = Extensions(rawValue: 1 << 2)
    /// Addresses and headers in UTF-8 (RFC 6531).
    package static let smtpUTF8 = Extensions(rawValue: 1 << 3)
    /// Codes that programs can read in every reply (RFC 2034).
    package static let enhancedStatusCodes = Extensions(rawValue: 1 << 4)
    /// Wishes about reports (RFC 3461).
    package static let dsn = Extensions(rawValue: 1 << 5)
    /// BDAT (RFC 3030).
    package static let chunking = Extensions(rawValue: 1 << 6)
    /// Bodies that are no text (RFC 3030); only together with ``chunking``.
    package static let binaryMIME = Extensions(rawValue: 1 << 7)
    /// TLS from here on (RFC 3207); gone once TLS is on.
    package static let startTLS = Extensions(rawValue: 1 << 8)
    /// TLS the whole way or not at all (RFC 8689); only once TLS is on.
    package static let requireTLS = Extensions(rawValue: 1 << 9)
    /// Delivery at a later time (RFC 4865).
    package static let futureRelease = Extensions(rawValue: 1 << 10)
    /// Limits told beforehand (RFC 9422).
    package static let limits = Extensions(rawValue: 1 << 11)
    /// AUTH PLAIN and LOGIN that every name and password pass, for programs that insist on logging in (RFC 4954).
    package static let anyAuth = Extensions(rawValue: 1 << 12)

    /// What is offered where nothing else is said.
    package static let usual: Extensions = [.pipelining, .size, .eightBitMIME, .smtpUTF8, .enhancedStatusCodes]
  }

  /// The extensions that hold on a connection as it is now.
  func current(isEncrypted: Bool) -> Extensions {
    var current = extensions
    current.remove(isEncrypted ? .startTLS : .requireTLS)
    if !current.contains(.chunking) { current.remove(.binaryMIME) }
    return current
  }

  /// The keyword lines of the answer to EHLO.
  func keywords(isEncrypted: Bool, limits: ServerLimits, at now: WallTime) -> [String] {
    let current = current(isEncrypted: isEncrypted)
    return ServerOffer.lines.compactMap { line in
      guard current.contains(line.needs) else { return nil }
      switch line.needs {
      case .size: return "SIZE \(limits.messageSize.bytes)"
      case .futureRelease: return "FUTURERELEASE \(longestHold.components.seconds) \(CivilTime(now + longestHold).iso8601)"
      case .limits:
        return "LIMITS RCPTMAX=\(limits.recipients)" + (limits.transactions.map { " MAILMAX=\($0)" } ?? "")
      default: return line.keyword
      }
    }
  }

  private static let lines: [(needs: Extensions, keyword: String)] = [
    (.pipelining, "PIPELINING"), (.size, "SIZE"), (.eightBitMIME, "8BITMIME"), (.smtpUTF8, "SMTPUTF8"), (.dsn, "DSN"),
    (.chunking, "CHUNKING"),
    (.binaryMIME, "BINARYMIME"), (.startTLS, "STARTTLS"), (.requireTLS, "REQUIRETLS"), (.futureRelease, "FUTURERELEASE"),
    (.limits, "LIMITS"),
    (.anyAuth, "AUTH PLAIN LOGIN"), (.enhancedStatusCodes, "ENHANCEDSTATUSCODES"),
  ]
}
