// SPDX-License-Identifier: Apache-2.0
/// Why bytes are no address, said so that whoever sent them can mend it.
package enum AddressFault: Error, Hashable, Sendable {
  case missingBracket
  case unclosedBracket
  case nothingBeforeAt
  case unquotedCharacter
  case misplacedDot
  case unclosedQuote
  case missingDomain
  case badDomain
  case badLiteral
  case badRoute
  case badUTF8
  case localPartTooLong
  case domainTooLong
  case pathTooLong
  case nullNotAllowed
  case trailingCharacters
}

extension AddressFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missingBracket: "the address must stand in angle brackets, like <user@example.com>"
    case .unclosedBracket: "the address must end with >"
    case .nothingBeforeAt: "nothing stands before the @ of the address"
    case .unquotedCharacter: "a character before the @ must stand in double quotes"
    case .misplacedDot: "a dot stands first, last or twice in a row before the @; put that part in double quotes"
    case .unclosedQuote: "the quoted part of the address does not end, or has a character that cannot be quoted"
    case .missingDomain: "the address has no domain; write user@example.com"
    case .badDomain: "what stands behind the @ is no domain name"
    case .badLiteral: "what stands in square brackets is no address literal, like [192.0.2.1] or [IPv6:2001:db8::1]"
    case .badRoute: "the source route before the address is malformed; leave it out"
    case .badUTF8: "the address is not valid UTF-8, or has control characters"
    case .localPartTooLong: "the part before the @ is longer than 64 octets"
    case .domainTooLong: "the domain is longer than 255 octets, or one of its labels than 63"
    case .pathTooLong: "the address is longer than 256 octets"
    case .nullNotAllowed: "a recipient cannot be empty"
    case .trailingCharacters: "something stands behind the address"
    }
  }
}
