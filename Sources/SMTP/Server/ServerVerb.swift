// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// The first word of a command, as far as this server has heard of it.
package enum ServerVerb: UInt8, Hashable, Sendable {
  case helo, ehlo, mail, rcpt, data, bdat, rset, noop, vrfy, expn, help, quit, startTLS, auth
  /// A command of some SMTP that this server does not have.
  case unsupported
  /// The first word of an HTTP request.
  case http
  case unknown

  /// The verb that the scanner's line begins with, in either case; steps over it.
  static func take(_ scanner: inout GrammarScanner) -> ServerVerb {
    let range = scanner.take(while: { $0.isASCIILetter })
    guard !range.isEmpty, range.count <= 8, scanner.isAtEnd || scanner.next == 0x20 else { return .unknown }
    var packed: UInt64 = 0
    for index in range { packed = packed << 8 | UInt64(scanner.bytes[index].asciiUppercased) }
    for entry in table where entry.packed == packed { return entry.verb }
    return .unknown
  }

  private static let table: [(packed: UInt64, verb: ServerVerb)] = {
    // The commonest first.
    let words: [(String, ServerVerb)] = [
      ("RCPT", .rcpt), ("MAIL", .mail), ("DATA", .data), ("EHLO", .ehlo), ("QUIT", .quit), ("RSET", .rset), ("NOOP", .noop),
      ("HELO", .helo),
      ("BDAT", .bdat), ("STARTTLS", .startTLS), ("AUTH", .auth), ("VRFY", .vrfy), ("EXPN", .expn), ("HELP", .help), ("ETRN", .unsupported),
      ("TURN", .unsupported), ("ATRN", .unsupported), ("SEND", .unsupported), ("SOML", .unsupported), ("SAML", .unsupported),
      ("BURL", .unsupported), ("XCLIENT", .unsupported), ("XFORWARD", .unsupported), ("LHLO", .unsupported), ("GET", .http),
      ("POST", .http),
      ("PUT", .http), ("HEAD", .http), ("CONNECT", .http), ("OPTIONS", .http), ("DELETE", .http), ("PATCH", .http), ("TRACE", .http),
      ("PRI", .http),
    ]
    return words.map { word, verb in (word.utf8.reduce(0) { $0 << 8 | UInt64($1) }, verb) }
  }()
}

extension ServerVerb: CustomStringConvertible {
  package var description: String {
    switch self {
    case .helo: "HELO"
    case .ehlo: "EHLO"
    case .mail: "MAIL"
    case .rcpt: "RCPT"
    case .data: "DATA"
    case .bdat: "BDAT"
    case .rset: "RSET"
    case .noop: "NOOP"
    case .vrfy: "VRFY"
    case .expn: "EXPN"
    case .help: "HELP"
    case .quit: "QUIT"
    case .startTLS: "STARTTLS"
    case .auth: "AUTH"
    case .unsupported: "a command that is not supported"
    case .http: "an HTTP request"
    case .unknown: "an unknown command"
    }
  }
}
