// SPDX-License-Identifier: Apache-2.0
import Octets
import SMTP
import Testing

/// A login as a test writes it: what the upstream offers and says, and what we shall say to it.
struct SASLScript {
  var login: UpstreamLogin
  var offered: [String]
  var nonce = "abc"
  var exchange: SASLExchange?

  init(_ login: UpstreamLogin, offered: String...) {
    self.login = login
    self.offered = offered
  }

  /// A user with a password, on a verified connection.
  static func password(_ user: String = "user", _ password: String = "pencil", offered: String...) throws -> SASLScript {
    let credentials = try #require(UpstreamCredentials(user: user, password: Secret(password)))
    var script = SASLScript(UpstreamLogin(credentials, on: .verifiedTLS, host: "server.example.com", port: 143))
    script.offered = offered
    return script
  }

  /// A user with a token, on a verified connection.
  static func token(_ user: String, _ token: String, offered: String...) throws -> SASLScript {
    let credentials = try #require(UpstreamCredentials(user: user, token: Secret(token)))
    var script = SASLScript(UpstreamLogin(credentials, on: .verifiedTLS, host: "server.example.com", port: 143))
    script.offered = offered
    return script
  }

  /// The AUTH line without its end (one character to Swift), the message in it decoded behind a `|`.
  mutating func start() throws -> String {
    var exchange = try login.begin(offered: offered, nonce: try #require(SASLNonce(nonce)))
    var queue = ByteQueue()
    exchange.start(into: &queue)
    self.exchange = exchange
    let words = text(of: queue).dropLast().split(separator: " ").map(String.init)
    #expect(text(of: queue).hasSuffix("\r\n"))
    return words.count == 3 ? "\(words[0]) \(words[1])|\(decoded(words[2]))" : words.joined(separator: " ")
  }

  /// Our answer, decoded, to a challenge that is given decoded; keys are computed at once.
  mutating func challenge(_ message: String) throws -> String {
    try raw("334 " + Base64.encode(Array(message.utf8)))
  }

  /// Our answer, decoded, to a reply as it stands.
  mutating func raw(_ reply: String) throws -> String {
    var queue = ByteQueue()
    switch try exchange?.take(try clientReply(reply), into: &queue) {
    case .keyNeeded(let derivation): exchange?.resume(with: derivation.key(), into: &queue)
    case .answered: break
    case .done, nil: return "done"
    }
    let line = text(of: queue)
    #expect(line.hasSuffix("\r\n"))
    return decoded(String(line.dropLast()))
  }

  /// The fault that a reply is answered with, and whether we cancelled.
  mutating func fault(_ reply: String) throws -> (fault: SASLFault?, sent: String) {
    var queue = ByteQueue()
    let reply = try clientReply(reply)
    do throws(SASLFault) {
      if case .keyNeeded(let derivation) = try exchange?.take(reply, into: &queue) {
        exchange?.resume(with: derivation.key(), into: &queue)
      }
      return (nil, text(of: queue))
    } catch {
      return (error, text(of: queue))
    }
  }

  private func decoded(_ code: String) -> String {
    Base64.decode(code).map { String(decoding: $0, as: UTF8.self) } ?? code
  }
}
