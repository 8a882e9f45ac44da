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
  /// Writes down that somebody asked for something that changes the house.
  func note(command: String, on subject: String, by user: UInt32)
}
