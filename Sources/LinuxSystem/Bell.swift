// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// A descriptor that any thread may ring and that wakes the loop (eventfd).
///
/// Nobody reads it: watched for edges, each ring is told once, and the kernel's count lasts for 2⁶⁴ of them.
package struct Bell: ~Copyable, Sendable {
  private let descriptor: Descriptor

  /// A silent bell.
  package init() throws(SystemFailure) {
    descriptor = try Descriptor.checked(clinux_eventfd(), "create", "eventfd")
  }

  /// The kernel's number for it, for the poller only.
  package var number: Int32 { descriptor.number }

  /// Rings; several rings before somebody looks are one.
  package func ring() {
    var one: UInt64 = 1
    _ = unsafe write(descriptor.number, &one, 8)
  }
}
