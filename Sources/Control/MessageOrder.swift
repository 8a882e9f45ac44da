// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import Varlink

/// What an operator can order for one message.
package enum MessageOrder: String, Hashable, Sendable, CaseIterable {
  /// Tries a failed message again, and a waiting one at once.
  case retry
  /// Stops a waiting message until it is released.
  case hold
  /// Lets a held message go.
  case release
  /// Removes it for good.
  case remove
}

/// Why an order was not carried out.
package enum OrderRefusal: Error, Hashable, Sendable {
  /// No message has this name.
  case noSuchMessage
  /// The message is on the road.
  case isActive
  /// The order does not fit the state.
  case wrongState(QueuedMessage.State)
  /// The spool cannot do it; the words say why.
  case spool(String)
}

/// The bytes of a message, piece by piece.
@Loop package struct MessageText {
  /// The next piece; nil behind the last one. A failure means that what came before is not the whole message.
  package let next: @Loop () async -> Result<[UInt8]?, OrderRefusal>

  /// A text that comes from somewhere.
  package init(next: @escaping @Loop () async -> Result<[UInt8]?, OrderRefusal>) { self.next = next }
}
