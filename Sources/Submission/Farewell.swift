// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Octets
import SMTP
import Telemetry
import Timekeeping

/// The end of a connection that we want to end, with the last reply on its way.
///
/// Closing a socket while unread bytes wait makes the kernel reset the connection, and the reset overtakes the reply: the client would see
/// a broken connection and not the reason. So our side is finished first, and what the client still sends is read and forgotten, for a
/// short while.
enum Farewell {
  /// Sends what `wire` still has to say and waits until the client has closed, has sent too much, or time is up.
  @Loop static func wait(on wire: inout Wire, _ loop: EventLoop) async {
    let deadline = loop.moment + patience
    do throws(WireFailure) {
      try await wire.flush(until: deadline)
      wire.stream.finishWriting()
      var left = bytes
      while left > 0 {
        left -= wire.input.count
        wire.input.removeAll()
        try await wire.fill(until: deadline)
      }
    } catch {
      return
    }
  }

  private static let patience = Duration.seconds(2)
  private static let bytes = 1_048_576
}

extension SubmissionSession {
  /// Ends a connection that a failure has ended; answers why it is over.
  @inline(never) func part(
    _ failure: WireFailure, _ wire: inout Wire, _ conversation: inout ServerConversation
  ) async -> SubmissionEvent.Closing {
    switch failure {
    case .ended, .system, .lineTooLong: return .lost
    case .tls(let failure): return .violation("\(failure)")
    case .timedOut:
      await say(conversation.interrupt(.idle), &wire)
      return .timedOut
    case .cancelled:
      await say(conversation.interrupt(.shuttingDown), &wire)
      return .stopping
    }
  }

  private func say(_ step: ServerStep, _ wire: inout Wire) async {
    guard case .close(let reply, _) = step else { return }
    reply.append(to: &wire.output)
    await Farewell.wait(on: &wire, loop)
  }
}

extension SubmissionEvent.Closing {
  init(_ reason: CloseReason) {
    switch reason {
    case .quit: self = .quit
    case .interrupted(.idle): self = .timedOut
    case .interrupted(.shuttingDown): self = .stopping
    default: self = .violation("\(reason)")
    }
  }
}
