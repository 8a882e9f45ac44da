// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// One open descriptor, owned by exactly one place and closed when that place lets go.
///
/// A bare number never leaves this target but through ``number``, which the loop needs to name it to the kernel.
package struct Descriptor: ~Copyable {
  /// The kernel's number for it; not to be closed or stored by the caller.
  package let number: Int32

  /// Takes over a number that nobody else will close.
  package init(owning number: Int32) {
    precondition(number >= 0, "only an open descriptor can be owned")
    self.number = number
  }

  deinit { _ = close(number) }

  /// What a system call answered, or the failure it left in `errno`.
  package static func checked(_ result: Int32, _ call: String, _ subject: String) throws(SystemFailure) -> Descriptor {
    guard result >= 0 else { throw SystemFailure.last(call, subject) }
    return Descriptor(owning: result)
  }
}
