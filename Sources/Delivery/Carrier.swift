// SPDX-License-Identifier: Apache-2.0
import EventLoop

/// Something that takes messages away: a conversation with an upstream, or a directory that plays one.
protocol Carrier: ~Copyable {
  /// Takes messages from the desk until the desk has no more or the carrier has had enough; ends in good order.
  @Loop consuming func serve(_ desk: LinkDesk) async
}
