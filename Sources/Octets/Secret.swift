// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Bytes that nobody may see: a password, a token, a key.
///
/// Printing, interpolating, dumping or mirroring one shows `[secret]`; only ``bytes`` gives the content away, so that every place
/// which does so can be found. Copies share one piece of memory, which is overwritten when the last of them goes. Comparing takes
/// as long for the first differing byte as for the last.
package struct Secret: Sendable {
  private let content: Content

  /// A secret of these bytes; the caller's own copy is not overwritten.
  package init(_ bytes: Span<UInt8>) { content = Content(bytes) }

  /// A secret of the UTF-8 of a text.
  package init(_ text: String) { self.init(Array(text.utf8).span) }

  /// How many bytes it has.
  package var count: Int { content.count }

  /// Whether it has no bytes at all.
  package var isEmpty: Bool { count == 0 }

  /// The content, to be written where it belongs and nowhere else.
  package var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    get {
      let span = unsafe Span(_unsafeStart: UnsafePointer(content.start), count: content.count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Memory that belongs to one secret.
  ///
  /// Unchecked, because the compiler cannot see that nobody writes to it between `init` and `deinit`.
  @safe private final class Content: @unchecked Sendable {
    let start: UnsafeMutablePointer<UInt8>
    let count: Int

    init(_ bytes: Span<UInt8>) {
      count = bytes.count
      unsafe start = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
      for index in 0..<bytes.count { unsafe (start + index).initialize(to: bytes[index]) }
    }

    deinit {
      unsafe explicit_bzero(start, count)
      unsafe start.deallocate()
    }
  }
}

extension Secret: Equatable {
  package static func == (left: Secret, right: Secret) -> Bool {
    left.bytes.equalsInConstantTime(right.bytes)
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "[secret]" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
