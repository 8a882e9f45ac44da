// SPDX-License-Identifier: Apache-2.0
/// Whose share of an upstream a message belongs to: a number that the caller gives to each app.
package struct Lane: Hashable, Sendable {
  /// The number.
  package let number: UInt16

  /// The lane with this number.
  package init(number: UInt16) { self.number = number }
}
