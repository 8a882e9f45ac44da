// SPDX-License-Identifier: Apache-2.0
internal import EventLoop
internal import Mail

/// Somebody who waits until something is on stable storage; the journal hands it through without looking inside.
@Loop final class Waiter {
  let berth: Berth
  /// What became of it, once that is known.
  var result: Result<Void, SpoolRefusal>?
  /// The message, when nobody waits for it any more.
  var withdrawn: MessageID?

  /// Somebody about to wait.
  init(_ loop: EventLoop) { berth = Berth(loop) }
}
