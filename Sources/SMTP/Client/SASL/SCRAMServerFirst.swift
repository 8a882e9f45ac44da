// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// The first message of a SCRAM server: `r=NONCE,s=SALT,i=ITERATIONS` (RFC 5802 §7), from a peer that may be anybody.
///
/// Refused: another order, a nonce that is not ours with something added, a salt that is no base 64, a number of rounds that is so
/// small that the proof gives the password away (§9 names 4096), or so large that it is meant to keep us busy; and `m=`, which
/// announces an extension that must be understood.
struct SCRAMServerFirst: Sendable {
  let nonce: String
  let salt: [UInt8]
  let iterations: Int

  /// How often a password may be stretched.
  static let iterations = 4096...1_000_000

  init(_ message: [UInt8], ours: SASLNonce) throws(SASLFault) {
    let fields = try SCRAMFields(message)
    guard fields["m"] == nil else { throw .malformedChallenge("needs an extension that we do not know") }
    guard fields.names.starts(with: ["r", "s", "i"]), let nonce = fields["r"], let saltText = fields["s"], let count = fields["i"] else {
      throw .malformedChallenge("is not a first message of SCRAM")
    }
    guard nonce.hasPrefix(ours.text), nonce != ours.text, nonce.utf8.count <= 1024 else { throw .nonceReplaced }
    guard let salt = Base64.decode(saltText), !salt.isEmpty else { throw .malformedChallenge("has no salt") }
    guard count.utf8.allSatisfy(\.isASCIIDigit), count.utf8.first != UInt8(ascii: "0"), let iterations = Int(count) else {
      throw .malformedChallenge("has no number of iterations")
    }
    guard SCRAMServerFirst.iterations.contains(iterations) else { throw .iterationsOutOfRange(iterations) }
    self.nonce = nonce
    self.salt = salt
    self.iterations = iterations
  }
}

/// A message of SCRAM taken apart: `letter=value`, divided by commas.
struct SCRAMFields {
  private let fields: [(name: String, value: String)]

  init(_ message: [UInt8]) throws(SASLFault) {
    guard message.span.isPlain, message.count <= 4096 else { throw .malformedChallenge("is not a message of SCRAM") }
    var fields: [(name: String, value: String)] = []
    for part in message.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard part.count >= 2, part[part.startIndex].isASCIILetter, part[part.startIndex + 1] == UInt8(ascii: "=") else {
        throw .malformedChallenge("is not a message of SCRAM")
      }
      fields.append((String(decoding: part.prefix(1), as: UTF8.self), String(decoding: part.dropFirst(2), as: UTF8.self)))
    }
    self.fields = fields
  }

  /// The letters in their order.
  var names: [String] { fields.map(\.name) }

  /// The first value of a letter.
  subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}
