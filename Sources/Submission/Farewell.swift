// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Octets
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
