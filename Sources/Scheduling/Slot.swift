// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Timekeeping

/// What the schedule keeps for one message: 24 bytes.
struct Slot: Sendable {
  /// The message's number.
  let id: UInt64
  /// When it is due; of a taken or held message, when it last was.
  var due: Moment
  /// Where it is in its heap, or one of the marks below.
  var position: UInt32
  /// How many attempts have been counted; stays at the largest number.
  var attempts: UInt16
  /// Its lane and priority, as ``LaneTurns`` numbers them.
  let queue: UInt16

  init(id: UInt64, due: Moment, attempts: Int, queue: UInt16) {
    self.id = id
    self.due = due
    self.attempts = UInt16(clamping: attempts)
    self.queue = queue
    position = Slot.held
  }

  static let held: UInt32 = .max
  static let taken: UInt32 = .max - 1
  static let takenToHold: UInt32 = .max - 2
  static let mostSlots: UInt32 = .max - 3

  var messageID: MessageID { MessageID(number: id) }

  var standing: Standing {
    switch position {
    case Slot.held: .held
    case Slot.taken, Slot.takenToHold: .taken
    default: .waiting
    }
  }

  func precedes(_ other: Slot) -> Bool { due != other.due ? due < other.due : id < other.id }
}
