// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import Mail
package import Varlink

/// The one door through which control sees the house and changes it.
///
/// The relay stands behind it; so does a small stand-in in the tests.
@Loop package protocol ControlDesk: AnyObject {
  /// How everything stands.
  func status() -> RelayStatus
  /// The messages in the spool, oldest first; nil means all.
  func messages(in state: QueuedMessage.State?) -> [MessageID]
  /// One message as it stands now; nil when it is gone.
  func message(_ id: MessageID) async -> QueuedMessage?
  /// Makes one message, or every waiting one, due now; answers how many, nil when there is no such message.
  func flush(_ id: MessageID?) -> Int?
  /// Carries out an operator's order about one message; returns when it is on stable storage.
  func carryOut(_ order: MessageOrder, on id: MessageID, for user: UInt32) async throws(OrderRefusal)
  /// Sends a message to others in place of those who have not had it; answers the name of the message that goes to them.
  func redirect(_ id: MessageID, to recipients: [Mailbox], for user: UInt32) async throws(OrderRefusal) -> MessageID
  /// The bytes of a message as it travels.
  func text(of id: MessageID) async throws(OrderRefusal) -> MessageText
  /// Writes down that somebody asked for something that changes the house.
  func note(command: String, on subject: String, by user: UInt32)
}
