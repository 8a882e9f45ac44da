// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// Fields as the spool writes them: a tag, a length, a content.
extension [UInt8] {
  /// Adds a field: its tag, three bytes of length, and what `content` adds.
  mutating func putField(_ tag: UInt8, _ content: (inout [UInt8]) -> Void) {
    append(tag)
    let start = count
    append(contentsOf: [0, 0, 0])
    content(&self)
    let length = count - start - 3
    precondition(length < 1 << 24, "a field is shorter than 16 MiB")
    self[start] = UInt8(truncatingIfNeeded: length)
    self[start + 1] = UInt8(truncatingIfNeeded: length >> 8)
    self[start + 2] = UInt8(truncatingIfNeeded: length >> 16)
  }

  /// Adds a field that is a text.
  mutating func putField(_ tag: UInt8, _ text: String) {
    let length = text.utf8.count
    precondition(length < 1 << 24, "a field is shorter than 16 MiB")
    append(addingCapacity: 4 + length) { field in
      field.append(tag)
      field.append(UInt8(truncatingIfNeeded: length))
      field.append(UInt8(truncatingIfNeeded: length >> 8))
      field.append(UInt8(truncatingIfNeeded: length >> 16))
      field.append(text: text)
    }
  }
}

/// Walks over the fields of a record.
struct FieldCursor: ~Escapable {
  private let bytes: Span<UInt8>
  private var next: Int
  /// The tag of the field found last.
  private(set) var tag: UInt8 = 0
  /// Where its content is.
  private(set) var content = 0..<0

  /// A cursor before the first of the fields that start at `offset`.
  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, from offset: Int = 0) {
    self.bytes = bytes
    next = offset
  }

  /// Goes to the next field; false at the end.
  @_lifetime(self: copy self)
  mutating func advance() throws(RecordDefect) -> Bool {
    if next == bytes.count { return false }
    guard bytes.count - next >= 4 else { throw .malformed("a field is cut off") }
    let header = bytes.number(UInt32.self, at: next)
    tag = UInt8(truncatingIfNeeded: header)
    let length = Int(header >> 8)
    guard bytes.count - next - 4 >= length else { throw .malformed("a field is longer than its record") }
    content = next + 4..<next + 4 + length
    next = content.upperBound
    return true
  }
}

/// Why a record cannot be used.
enum RecordDefect: Error, Hashable, Sendable {
  /// A checksum does not fit.
  case checksum(String)
  /// The record ends before it should.
  case cutOff
  /// Its content breaks the rules.
  case malformed(String)

  /// The reason in words.
  var words: String {
    switch self {
    case .checksum(let part): "the checksum of its \(part) does not fit"
    case .cutOff: "it is cut off"
    case .malformed(let reason): reason
    }
  }
}
