// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets
internal import Timekeeping

/// Takes the parts of a fact, in the order in which people read them: as fields for the journal, or as words for a line.
///
/// Each kind of event names its parts once, to whichever sink asks; a line is written without a field ever being made.
protocol EventSink {
  /// A part from foreign or own words.
  mutating func add(_ name: StaticString, _ value: String)
  /// A part that is a number from 0 up.
  mutating func add(_ name: StaticString, count: Int)
  /// A part that names a message.
  mutating func add(_ name: StaticString, _ id: MessageID)
  /// A part that is an address in angle brackets, empty for the null sender.
  mutating func add(_ name: StaticString, _ mailbox: Mailbox?)
  /// A part that is a length of time, in seconds with three decimals.
  mutating func add(_ name: StaticString, _ time: Duration)
}

extension EventSink {
  /// A part that is a number from 0 up.
  mutating func add(_ name: StaticString, _ number: some FixedWidthInteger) { add(name, count: Int(clamping: number)) }

  /// A part that is a size, in bytes.
  mutating func add(_ name: StaticString, _ size: ByteCount) { add(name, count: size.bytes) }
}

/// The parts as fields.
struct EventFields: EventSink {
  private(set) var fields: [EventField] = []

  mutating func add(_ name: StaticString, _ value: String) { fields.append(EventField(name.description, value)) }

  mutating func add(_ name: StaticString, count: Int) { add(name, count.description) }

  mutating func add(_ name: StaticString, _ id: MessageID) { add(name, id.description) }

  mutating func add(_ name: StaticString, _ mailbox: Mailbox?) { add(name, "<" + (mailbox?.text ?? "") + ">") }

  mutating func add(_ name: StaticString, _ time: Duration) {
    add(name, String(capacity: EventLine.longestNumber + 4) { EventLine.append(time, to: &$0) })
  }
}

/// The parts as words of one line: `name=value`, the value in quotes where it could be misread.
struct EventLine: EventSink {
  /// What was written, behind what was there before.
  private(set) var bytes: [UInt8]

  /// A line with nothing on it.
  init() { bytes = [] }

  /// A line that begins with the fact's name.
  init(_ label: EventLabel, behind bytes: consuming [UInt8] = []) {
    self.bytes = bytes
    self.bytes.append(label.name)
  }

  /// What was written.
  var text: String { String(decoding: bytes, as: UTF8.self) }

  mutating func add(_ name: StaticString, _ value: String) {
    if EventLine.isWord(value) {
      put(name, value.utf8.count) { $0.append(text: value) }
    } else {
      add(EventField(name.description, value))
    }
  }

  mutating func add(_ name: StaticString, count: Int) {
    guard count >= 0 else { return add(name, count.description) }
    put(name, EventLine.longestNumber) { $0.append(decimal: count) }
  }

  mutating func add(_ name: StaticString, _ id: MessageID) {
    put(name, MessageID.longestText) { id.append(to: &$0) }
  }

  mutating func add(_ name: StaticString, _ mailbox: Mailbox?) {
    let text = mailbox?.text ?? ""
    // Addresses are short by their grammar, so that the brackets always fit.
    guard text.isEmpty || EventLine.isWord(text) else { return add(name, "<" + text + ">") }
    put(name, text.utf8.count + 2) {
      $0.append("<")
      $0.append(text: text)
      $0.append(">")
    }
  }

  mutating func add(_ name: StaticString, _ time: Duration) {
    put(name, EventLine.longestNumber + 4) { EventLine.append(time, to: &$0) }
  }

  /// Adds seconds with three decimals.
  fileprivate static func append(_ time: Duration, to text: inout OutputSpan<UInt8>) {
    let milliseconds = max(0, time.microseconds / 1000)
    text.append(decimal: Int(milliseconds / 1000))
    text.append(".")
    text.append(decimal: Int(milliseconds % 1000), width: 3)
  }

  mutating func add(_ field: EventField) {
    if !bytes.isEmpty { bytes.append(0x20) }
    bytes.append(text: field.name)
    bytes.append("=")
    guard !EventLine.isWord(field.value) else { return bytes.append(text: field.value) }
    bytes.append(UInt8(ascii: "\""))
    for byte in field.value.utf8 {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Adds a name and a value, which takes at most `room` bytes.
  @inline(__always) private mutating func put(_ name: StaticString, _ room: Int, _ value: (inout OutputSpan<UInt8>) -> Void) {
    let isFirst = bytes.isEmpty
    bytes.append(addingCapacity: name.utf8CodeUnitCount + 2 + room) { text in
      if !isFirst { text.append(0x20) }
      text.append(name)
      text.append(0x3d)
      value(&text)
    }
  }

  fileprivate static let longestNumber = 20

  /// Whether a value can stand as it is: printable ASCII without space, quote or backslash.
  private static func isWord(_ value: String) -> Bool {
    let bytes = value.utf8.span
    return !bytes.isEmpty && bytes.count <= EventField.valueLimit && bytes.kinds.isEmpty
  }
}
