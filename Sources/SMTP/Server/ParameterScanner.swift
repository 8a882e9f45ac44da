// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// The parameters behind the address of MAIL and RCPT (RFC 5321 §4.1.2), one after the other.
///
/// It finds a parameter's keyword among those the command knows, sees to it that none comes twice and none comes without its extension
/// being offered; what the value means is the command's affair.
struct ParameterScanner: ~Escapable {
  private var scanner: GrammarScanner
  private let known: [Entry]
  private let offered: ServerOffer.Extensions
  private var seen: UInt32 = 0
  private var value = 0..<0
  private var hasValue = false

  /// A keyword in upper case, with the extension that makes it known.
  struct Entry {
    let keyword: StaticString
    let parameter: CommandFault.Parameter
    let needs: ServerOffer.Extensions
  }

  @_lifetime(copy scanner)
  init(_ scanner: consuming GrammarScanner, known: [Entry], offered: ServerOffer.Extensions) {
    self.scanner = scanner
    self.known = known
    self.offered = offered
  }

  /// Steps to the next parameter; nil behind the last.
  @_lifetime(self: copy self)
  mutating func next() throws(CommandFault) -> CommandFault.Parameter? {
    if scanner.isAtEnd { return nil }
    guard scanner.takeSpaces() else { throw .malformedParameters }
    if scanner.isAtEnd { return nil }
    let keyword = scanner.take(while: { $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "-") })
    guard !keyword.isEmpty else { throw .malformedParameters }
    hasValue = scanner.take(UInt8(ascii: "="))
    value = hasValue ? scanner.take(while: { $0 > 0x20 && $0 != UInt8(ascii: "=") && $0 != 0x7f }) : 0..<0
    guard !hasValue || !value.isEmpty, scanner.isAtEnd || scanner.next == 0x20 else { throw .malformedParameters }
    for (index, entry) in known.enumerated() where scanner.bytes.extracting(keyword).equalsIgnoringCase(entry.keyword) {
      guard offered.contains(entry.needs) else { throw .notOffered(entry.parameter) }
      guard seen & 1 << UInt32(index) == 0 else { throw .repeatedParameter }
      seen |= 1 << UInt32(index)
      return entry.parameter
    }
    throw .unknownParameter
  }

  /// Requires the parameter to be a keyword alone.
  func requireNoValue(_ parameter: CommandFault.Parameter) throws(CommandFault) {
    guard !hasValue else { throw .badValue(parameter) }
  }

  /// Whether the value is `text`, given in upper case, in either case.
  func valueIs(_ text: StaticString) -> Bool {
    scanner.bytes.extracting(value).equalsIgnoringCase(text)
  }

  /// The bytes of the value; none when there is no value.
  var bytes: Span<UInt8> {
    @_lifetime(copy self)
    get { scanner.bytes.extracting(value) }
  }

  /// The value as a number of at most so many digits.
  func number(_ parameter: CommandFault.Parameter, digits: Int) throws(CommandFault) -> Int {
    var digitScanner = GrammarScanner(bytes)
    guard let number = digitScanner.takeNumber(digits: digits), digitScanner.isAtEnd else { throw .badValue(parameter) }
    return number
  }
}
