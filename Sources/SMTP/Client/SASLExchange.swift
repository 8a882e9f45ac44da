// SPDX-License-Identifier: Apache-2.0
package import Octets

/// The client's side of one authentication: what to send, and what to answer to each challenge (RFC 4954 §4).
///
/// It knows neither sockets nor replies' meaning: the caller sends what ``start(into:)`` wrote, hands every 334 to ``answer(_:into:)``
/// and takes any other reply as the end. Each mechanism is a sequence of stages of its own; PLAIN speaks once, in the AUTH command,
/// LOGIN twice, behind two challenges whose text is ignored, because servers translate it.
package struct SASLExchange: Sendable {
  /// How it is done.
  package let mechanism: SASLMechanism
  private let credentials: UpstreamCredentials
  private var stage: Stage = .start

  /// An exchange that has not begun.
  package init(_ mechanism: SASLMechanism, _ credentials: UpstreamCredentials) {
    self.mechanism = mechanism
    self.credentials = credentials
  }

  /// Adds the AUTH command, with the first message where the mechanism begins with one.
  package mutating func start(into queue: inout ByteQueue) {
    precondition(stage == .start, "an exchange starts once")
    let first: Secret?
    (first, stage) =
      switch mechanism {
      case .plain: (plainMessage, .done)
      case .login: (nil, .userAwaited)
      }
    queue.appendCommandLine { line in
      line.append("AUTH ")
      line.append(mechanism.rawValue)
      guard let first else { return }
      line.append(" ")
      Base64.encode(first.bytes, into: &line)
    }
  }

  /// Adds the answer to a challenge. An error means that `*` was added instead, which makes the upstream end the exchange with 501.
  package mutating func answer(_ challenge: UpstreamReply, into queue: inout ByteQueue) throws(SASLFault) {
    precondition(stage != .start, "a challenge follows the AUTH command")
    guard challenge.code == 334, challenge.lines.count == 1, Base64.decode(challenge.lines[0]) != nil || mechanism == .login else {
      cancel(into: &queue)
      throw .malformedChallenge
    }
    switch stage {
    case .userAwaited:
      stage = .passwordAwaited
      send(Secret(credentials.user), into: &queue)
    case .passwordAwaited:
      stage = .done
      send(credentials.password, into: &queue)
    case .start, .done:
      cancel(into: &queue)
      throw .unexpectedChallenge
    }
  }

  private var plainMessage: Secret {
    var message: [UInt8] = [0]
    message += credentials.user.utf8
    message.append(0)
    let password = credentials.password.bytes
    for index in 0..<password.count { message.append(password[index]) }
    return Secret(message.span)
  }

  private func send(_ message: Secret, into queue: inout ByteQueue) {
    queue.appendCommandLine { Base64.encode(message.bytes, into: &$0) }
  }

  private mutating func cancel(into queue: inout ByteQueue) {
    stage = .done
    queue.appendCommandLine { $0.append("*") }
  }

  private enum Stage {
    case start
    case userAwaited
    case passwordAwaited
    case done
  }
}

/// Why an exchange was given up by us.
package enum SASLFault: Error, Hashable, Sendable {
  /// The upstream asked for more than the mechanism has.
  case unexpectedChallenge
  /// The upstream's challenge was not one line of base 64.
  case malformedChallenge
}

extension SASLFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unexpectedChallenge: "the upstream asked for more than the AUTH mechanism has to say"
    case .malformedChallenge: "the upstream sent an AUTH challenge that is not base 64"
    }
  }
}
