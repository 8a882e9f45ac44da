// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets
internal import Timekeeping

/// Takes the parts of a fact, in the order in which people read them: as fields for the journal, or as words for a line.
///
/// Each kind of event names its parts once, to whichever sink asks; a line is written without a field ever being made.
protocol EventSink {
  /// A part from foreign or own words.
  mutating func add(_ name: String, _ value: String)
}

extension EventSink {
  /// A part that is a number.
  mutating func add(_ name: String, _ number: some BinaryInteger) { add(name, number.description) }

  /// A part that names a message.
  mutating func add(_ name: String, _ id: MessageID) { add(name, id.description) }

  /// A part that is a size, in bytes.
  mutating func add(_ name: String, _ size: ByteCount) { add(name, size.bytes) }

  /// A part that is an address in angle brackets, empty for the null sender.
  mutating func add(_ name: String, _ mailbox: Mailbox?) { add(name, "<" + (mailbox?.text ?? "") + ">") }

  /// A part that is a length of time, in seconds with three decimals.
  mutating func add(_ name: String, _ time: Duration) {
    let milliseconds = max(0, time.microseconds / 1000)
    add(name, String(milliseconds / 1000) + "." + String(1000 + milliseconds % 1000).dropFirst())
  }
}

/// The parts as fields.
struct EventFields: EventSink {
  private(set) var fields: [EventField] = []

  mutating func add(_ name: String, _ value: String) { fields.append(EventField(name, value)) }
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
    self.bytes.append(contentsOf: label.name.utf8)
  }

  /// What was written.
  var text: String { String(decoding: bytes, as: UTF8.self) }

  mutating func add(_ name: String, _ value: String) {
    if EventLine.isWord(value) {
      begin(name)
      bytes.append(contentsOf: value.utf8)
    } else {
      add(EventField(name, value))
    }
  }

  mutating func add(_ field: EventField) {
    begin(field.name)
    guard !EventLine.isWord(field.value) else { return bytes.append(contentsOf: field.value.utf8) }
    bytes.append(UInt8(ascii: "\""))
    for byte in field.value.utf8 {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func begin(_ name: String) {
    if !bytes.isEmpty { bytes.append(0x20) }
    bytes.append(contentsOf: name.utf8)
    bytes.append(UInt8(ascii: "="))
  }

  /// Whether a value can stand as it is: printable ASCII without space, quote or backslash.
  private static func isWord(_ value: String) -> Bool {
    let bytes = value.utf8.span
    guard !bytes.isEmpty, bytes.count <= EventField.valueLimit else { return false }
    for index in bytes.indices {
      let byte = bytes[index]
      if byte &- 0x21 >= 0x5e || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return false }
    }
    return true
  }
}
