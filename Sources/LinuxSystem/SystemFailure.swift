// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The operating system refused something: which call, on what, and why.
package struct SystemFailure: Error, Hashable, Sendable {
  /// The system call, as the manual names it.
  package let call: String
  /// What it was to act on: a file, an address, a descriptor's purpose.
  package let subject: String
  /// The kernel's reason.
  package let number: Int32

  /// A failure from its parts.
  package init(call: String, subject: String, number: Int32) {
    self.call = call
    self.subject = subject
    self.number = number
  }

  /// The failure that `errno` tells of; to be made before anything else is called.
  package static func last(_ call: String, _ subject: String) -> SystemFailure {
    SystemFailure(call: call, subject: subject, number: errno)
  }

  /// The reason in the C library's words, lower case.
  package var reason: String {
    var text = [CChar](repeating: 0, count: 128)
    let message = unsafe text.withUnsafeMutableBufferPointer { buffer in
      unsafe strerror_r(number, buffer.baseAddress!, buffer.count) == 0 ? String(cString: buffer.baseAddress!) : "error \(number)"
    }
    return message.prefix(1).lowercased() + message.dropFirst()
  }
}

extension SystemFailure: CustomStringConvertible {
  package var description: String { "cannot \(call) \"\(subject)\": \(reason)" }
}

extension SystemFailure {
  /// Whether what was asked for is not there.
  package var isAbsence: Bool { number == ENOENT }

  /// Whether the file system takes no changes.
  package var isReadOnly: Bool { number == EROFS }

  /// Whether the system refused access.
  package var isDenial: Bool { number == EACCES || number == EPERM }
}
