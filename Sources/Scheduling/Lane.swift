// SPDX-License-Identifier: Apache-2.0
/// Whose share of an upstream a message belongs to: a small number that a ``LaneBook`` gives to each app.
package struct Lane: Hashable, Sendable {
  /// The number.
  package let number: UInt16

  /// The lane with this number; numbers are small because memory follows the largest.
  package init(number: UInt16) {
    precondition(number <= Lane.largest, "a lane has a small number")
    self.number = number
  }

  /// The largest number.
  package static let largest: UInt16 = 32_767
}

/// How a message stands beside others of the same app and of other apps.
package enum Priority: UInt8, Hashable, Sendable, CaseIterable {
  /// Somebody waits for it: a confirmation, a password reset.
  case interactive = 0
  /// Nobody does: newsletters, reports (`Precedence: bulk`).
  case bulk = 1
}
