// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// SCRAM (RFC 5802, RFC 7677): both sides prove that they know the password, and neither says it.
///
/// The proof covers every word of the conversation, so that nobody can change the number of rounds, the user, or what was said about
/// channel binding. A login counts only when the upstream has proved itself too: ``mayEnd`` is false until its signature was right.
///
///     serverFirstAwaited ──challenge, key──► signatureAwaited ──right signature──► proved
///                                                  └──────────── error ──────────► refused
struct SCRAMConversation: SASLConversation {
  private let digest: MessageDigest
  private let password: Secret
  private let nonce: SASLNonce
  private let binding: ChannelBinding.Use
  private let user: String
  private var stage: Stage = .serverFirstAwaited
  private(set) var complaint: String?

  /// A conversation; user and password must be plain ASCII.
  init(_ digest: MessageDigest, user: String, _ password: Secret, _ nonce: SASLNonce, _ binding: ChannelBinding.Use) {
    precondition(SASLPreparation.accepts(user) && SASLPreparation.accepts(password), "user and password need no preparation")
    self.digest = digest
    self.user = user
    self.password = password
    self.nonce = nonce
    self.binding = binding
  }

  var mayEnd: Bool { stage == .proved }

  func begin() -> Secret? { Secret(header + firstBare) }

  mutating func answer(_ challenge: [UInt8], key: SCRAMKey?) throws(SASLFault) -> SASLAnswer {
    switch stage {
    case .serverFirstAwaited: return try prove(challenge, key)
    case .signatureAwaited(let expected):
      let fields = try SCRAMFields(challenge)
      if let error = fields["e"] {
        complaint = String(printable: error, limit: 64)
        stage = .refused
        return .message(Secret(""))
      }
      guard fields.names.first == "v", let signature = fields["v"].flatMap(Base64.decode) else {
        throw .malformedChallenge("is not a last message of SCRAM")
      }
      guard Secret(signature.span) == expected else { throw .upstreamUnproved }
      stage = .proved
      return .message(Secret(""))
    case .proved, .refused: throw .unexpectedChallenge
    }
  }

  /// What can stand for a user between commas (RFC 5802 §5.1).
  static func escaped(_ user: String) -> String {
    user.unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case "=": text += "=3D"
      case ",": text += "=2C"
      default: text.unicodeScalars.append(scalar)
      }
    }
  }

  private mutating func prove(_ challenge: [UInt8], _ key: SCRAMKey?) throws(SASLFault) -> SASLAnswer {
    let first = try SCRAMServerFirst(challenge, ours: nonce)
    let wanted = SCRAMDerivation(digest: digest, password: password, salt: first.salt, iterations: first.iterations)
    guard let key, key.answers(wanted) else { return .keyNeeded(wanted) }
    let lastBare = "c=\(bindingCode),r=\(first.nonce)"
    let conversation = Array("\(firstBare),\(String(decoding: challenge, as: UTF8.self)),\(lastBare)".utf8)
    let clientKey = digest.code(of: "Client Key".utf8.span, key: key.salted.bytes)
    let storedKey = digest.digest(of: clientKey.span)
    let clientSignature = digest.code(of: conversation.span, key: storedKey.span)
    let proof = zip(clientKey, clientSignature).map { $0 ^ $1 }
    let serverKey = digest.code(of: "Server Key".utf8.span, key: key.salted.bytes)
    let signature = digest.code(of: conversation.span, key: serverKey.span)
    stage = .signatureAwaited(Secret(signature.span))
    return .message(Secret("\(lastBare),p=\(Base64.encode(proof))"))
  }

  private var firstBare: String { "n=\(SCRAMConversation.escaped(user)),r=\(nonce.text)" }

  /// What stands in front of the first message: whether and how the login is bound, and nobody else to act as.
  private var header: String {
    switch binding {
    case .unable: "n,,"
    case .notOffered: "y,,"
    case .bound(let binding): "p=\(binding.kind.rawValue),,"
    }
  }

  private var bindingCode: String {
    switch binding {
    case .unable, .notOffered: Base64.encode(Array(header.utf8))
    case .bound(let binding): Base64.encode(Array(header.utf8) + binding.bytes)
    }
  }

  private enum Stage: Equatable {
    case serverFirstAwaited
    case signatureAwaited(Secret)
    case proved
    case refused
  }
}
