// SPDX-License-Identifier: Apache-2.0
/// A setting that is one of a few words.
protocol ChoiceSettingValue: SingleSettingValue, CaseIterable, RawRepresentable where RawValue == String {
  /// What the words are, in the singular.
  static var noun: String { get }
}

extension ChoiceSettingValue {
  static var kind: String { allCases.map(\.rawValue).joined(separator: "|") }

  init(written text: String) throws(ValueRefusal) {
    guard let choice = Self.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else {
      let words = Self.allCases.map(\.rawValue)
      let nearest = Suggestion.nearest(to: text, among: words).map { "did you mean \($0)? " } ?? ""
      throw ValueRefusal("is not \(Self.noun)", "\(nearest)use one of \(words.joined(separator: ", "))")
    }
    self = choice
  }

  var text: String { rawValue }
}

/// How the way to an upstream is protected.
package enum TLSMode: String, CaseIterable, Hashable, Sendable {
  /// In clear at first, then STARTTLS; without it nothing is sent.
  case starttls
  /// TLS from the first byte.
  case implicit
  /// TLS where the upstream offers it, in clear where not.
  case opportunistic
  /// Always in clear.
  case none
}

extension TLSMode: ChoiceSettingValue {
  static var noun: String { "a way to use TLS" }

  /// The port that goes with it.
  package var usualPort: UInt16 {
    switch self {
    case .starttls: 587
    case .implicit: 465
    case .opportunistic, .none: 25
    }
  }
}

/// The oldest version of TLS to be spoken; older ones than these were ended by RFC 8996.
package enum MinimumTLSVersion: String, CaseIterable, Hashable, Sendable {
  case tls12 = "1.2"
  case tls13 = "1.3"
}

extension MinimumTLSVersion: ChoiceSettingValue {
  static var noun: String { "a version of TLS that is spoken here" }
}

/// What is worth writing down.
package enum LogLevel: String, CaseIterable, Hashable, Sendable {
  /// Mail is at risk now.
  case error
  /// A human should look within a day.
  case warning
  /// The service changed its state.
  case notice
  /// Mail was accepted, tried, settled.
  case info
  /// Everything, for looking into a fault.
  case debug
}

extension LogLevel: ChoiceSettingValue {
  static var noun: String { "a log level" }
}

/// A service extension that the house can offer to apps, by its keyword in the answer to EHLO (RFC 5321 §2.2).
package enum ServiceExtension: String, CaseIterable, Hashable, Sendable {
  /// Several commands in one flight.
  case pipelining = "PIPELINING"
  /// The size announced beforehand.
  case size = "SIZE"
  /// Bytes above 0x7f in a body.
  case eightBitMIME = "8BITMIME"
  /// Addresses and headers in UTF-8.
  case smtpUTF8 = "SMTPUTF8"
  /// Wishes about reports.
  case dsn = "DSN"
  /// Messages sent by BDAT.
  case chunking = "CHUNKING"
  /// Bodies that are no text; few upstreams take them.
  case binaryMIME = "BINARYMIME"
  /// Delivery at a later time.
  case futureRelease = "FUTURERELEASE"
  /// TLS the whole way or not at all.
  case requireTLS = "REQUIRETLS"
  /// Limits told beforehand.
  case limits = "LIMITS"
  /// Codes that programs can read.
  case enhancedStatusCodes = "ENHANCEDSTATUSCODES"
}

extension ServiceExtension: ChoiceSettingValue {
  static var noun: String { "an extension this program knows" }
  static var kind: String { "extension" }
}

/// Whether apps can turn TLS on, and whether they must.
package enum StartTLS: String, CaseIterable, Hashable, Sendable {
  /// Never.
  case no
  /// Whoever wants to.
  case offered
  /// Clients on other machines must.
  case required
}

extension StartTLS: ChoiceSettingValue {
  static var noun: String { "a way to offer STARTTLS" }
}

/// What the limits of an upstream count.
package enum LimitUnit: String, CaseIterable, Hashable, Sendable {
  case messages
  case recipients
}

extension LimitUnit: ChoiceSettingValue {
  static var noun: String { "what limits count" }
}
