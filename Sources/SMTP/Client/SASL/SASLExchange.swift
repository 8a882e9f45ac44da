// SPDX-License-Identifier: Apache-2.0
package import Octets
package import Settings

/// The client's side of one login: what to send, and what to answer to each challenge (RFC 4954 §4).
///
/// It knows neither sockets nor what replies mean: the caller sends what ``start(into:)`` wrote, hands every 334 and the 235 to
/// ``take(_:into:)``, and takes any other reply as the end. What a mechanism says is its own ``SASLConversation``; here are the forms
/// that all share: the AUTH command, base 64, the empty message, cancelling.
///
///     fresh ──start──► opened ──334──► opened … ──235──► over
///                        │ └─ 334 that a key is needed for ──► keyAwaited ──resume──► opened
///                        └── a fault: `*` is sent ──► over
package struct SASLExchange: Sendable {
  /// How it is done.
  package let mechanism: SASLMechanism
  /// The key that the password came to, worth keeping when the login has succeeded; nil where the mechanism has none.
  package private(set) var key: SCRAMKey?
  private let opening: UpstreamLogin.Opening
  private var conversation: any SASLConversation
  private var stage: Stage = .fresh

  init(_ mechanism: SASLMechanism, _ conversation: any SASLConversation, opening: UpstreamLogin.Opening, key: SCRAMKey?) {
    self.mechanism = mechanism
    self.conversation = conversation
    self.opening = opening
    self.key = key
  }

  /// What follows from a reply.
  package enum Step: Sendable {
    /// An answer was added to what will be sent; another reply comes.
    case answered
    /// A key must be had first, which takes time: compute it away from the loop and ``SASLExchange/resume(with:into:)``.
    case keyNeeded(SCRAMDerivation)
    /// We are logged in, and the upstream has proved what it had to.
    case done
  }

  /// What the upstream gave as the reason for refusing a token or a proof, fit for a log; nil when it gave none.
  package var complaint: String? { conversation.complaint }

  /// Adds the AUTH command, with the first message where the mechanism begins with one and it fits.
  package mutating func start(into queue: inout ByteQueue) {
    precondition(stage == .fresh, "an exchange starts once")
    let first = conversation.begin()
    let fits = first.map { Base64.encodedCount($0.count) + mechanism.rawValue.utf8.count + 8 <= SASLExchange.longestCommand } ?? false
    let goesAlong = fits && opening == .inCommandIfItFits
    stage = goesAlong || first == nil ? .opened : .openingAwaited
    queue.appendCommandLine { line in
      line.append("AUTH ")
      line.append(mechanism.rawValue)
      guard let first, goesAlong else { return }
      line.append(" ")
      if first.isEmpty { line.append("=") } else { Base64.encode(first.bytes, into: &line) }
    }
  }

  /// Takes the upstream's next reply, 334 or 235. An error behind 334 means that `*` was added, which makes the upstream end the
  /// exchange with 501; behind 235 it means that the connection is not to be used.
  package mutating func take(_ reply: UpstreamReply, into queue: inout ByteQueue) throws(SASLFault) -> Step {
    precondition(stage != .fresh, "a reply follows the AUTH command")
    guard reply.code == 334 else {
      stage = .over
      guard conversation.mayEnd else { throw .successTooEarly }
      return .done
    }
    do throws(SASLFault) {
      return try answer(reply, into: &queue)
    } catch {
      stage = .over
      queue.appendCommandLine { $0.append("*") }
      throw error
    }
  }

  /// Goes on with the key that was needed.
  package mutating func resume(with key: SCRAMKey, into queue: inout ByteQueue) {
    guard case .keyAwaited(let challenge) = stage else { preconditionFailure("a key is given when it was asked for") }
    self.key = key
    stage = .opened
    do throws(SASLFault) {
      guard case .message(let message) = try conversation.answer(challenge, key: key) else {
        preconditionFailure("the key is the one that was asked for")
      }
      send(message, into: &queue)
    } catch {
      preconditionFailure("the challenge was good before: \(error)")
    }
  }

  private mutating func answer(_ reply: UpstreamReply, into queue: inout ByteQueue) throws(SASLFault) -> Step {
    guard reply.lines.count == 1 else { throw .malformedChallenge("has several lines") }
    switch stage {
    case .openingAwaited:
      // What it says to an empty command is not ours to judge.
      stage = .opened
      if let first = conversation.begin() { send(first, into: &queue) }
      return .answered
    case .opened:
      let challenge = try conversation.readsChallenges ? SASLExchange.decode(reply.lines[0]) : []
      switch try conversation.answer(challenge, key: key) {
      case .message(let message):
        send(message, into: &queue)
        return .answered
      case .keyNeeded(let derivation):
        stage = .keyAwaited(challenge)
        return .keyNeeded(derivation)
      }
    case .fresh, .keyAwaited, .over: throw .unexpectedChallenge
    }
  }

  private static func decode(_ line: String) throws(SASLFault) -> [UInt8] {
    guard let challenge = Base64.decode(line) else { throw .malformedChallenge("is not base 64") }
    return challenge
  }

  private func send(_ message: Secret, into queue: inout ByteQueue) {
    queue.appendCommandLine { Base64.encode(message.bytes, into: &$0) }
  }

  private static let longestCommand = 512

  private enum Stage: Equatable {
    case fresh
    case openingAwaited
    case opened
    case keyAwaited([UInt8])
    case over
  }
}

/// What one mechanism says, without the forms of SMTP around it.
protocol SASLConversation: Sendable {
  /// The first message; nil where the upstream speaks first. The same however often it is asked.
  func begin() -> Secret?
  /// The answer to a challenge; `key` is what was computed or remembered so far.
  mutating func answer(_ challenge: [UInt8], key: SCRAMKey?) throws(SASLFault) -> SASLAnswer
  /// Whether the content of challenges matters, so that it must be base 64.
  var readsChallenges: Bool { get }
  /// Whether a success may be believed now.
  var mayEnd: Bool { get }
  /// What the upstream gave as its reason for refusing.
  var complaint: String? { get }
}

extension SASLConversation {
  var readsChallenges: Bool { true }
  var mayEnd: Bool { true }
  var complaint: String? { nil }
}

/// What a conversation has to say to a challenge.
enum SASLAnswer: Sendable {
  case message(Secret)
  case keyNeeded(SCRAMDerivation)
}
