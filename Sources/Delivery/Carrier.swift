// SPDX-License-Identifier: Apache-2.0
import EventLoop

/// Something that takes messages away: a conversation with an upstream, or a directory that plays one.
protocol Carrier: ~Copyable {
  /// Delivers one message to those of its recipients that are still open.
  @Loop mutating func deliver(_ consignment: Consignment) async -> TransactionReport
  /// Whether it takes another message after those it had.
  var hasRoom: Bool { get }
  /// Whether it went away while nothing was asked of it.
  @Loop mutating func hasEndedWhileIdle() -> Bool
  /// Ends in good order.
  @Loop mutating func quit() async
}
