// SPDX-License-Identifier: Apache-2.0
package import Octets

/// Switches and numbers as settings.
extension Bool: SingleSettingValue {
  static var kind: String { "boolean" }

  init(written text: String) throws(ValueRefusal) {
    switch text.lowercased() {
    case "yes", "true", "on", "1": self = true
    case "no", "false", "off", "0": self = false
    default: throw ValueRefusal("is neither yes nor no", "write yes or no")
    }
  }

  var text: String { self ? "yes" : "no" }
}

extension Int: SingleSettingValue {
  static var kind: String { "number" }

  init(written text: String) throws(ValueRefusal) {
    guard text.utf8.allSatisfy(\.isASCIIDigit), let number = Int(text) else {
      throw ValueRefusal("is not a whole number", "write digits only")
    }
    self = number
  }

  var text: String { description }
}

extension UInt16: SingleSettingValue {
  static var kind: String { "port" }

  init(written text: String) throws(ValueRefusal) {
    guard text.utf8.allSatisfy(\.isASCIIDigit), let number = UInt16(text), number > 0 else {
      throw ValueRefusal("is not a port (1–65535)", "write a number from 1 to 65535")
    }
    self = number
  }

  var text: String { description }
}

extension Double: SingleSettingValue {
  static var kind: String { "factor" }

  init(written text: String) throws(ValueRefusal) {
    let isPlain = text.utf8.allSatisfy { $0.isASCIIDigit || $0 == UInt8(ascii: ".") }
    guard isPlain, let number = Double(text) else { throw ValueRefusal("is not a factor", "write a number such as 2 or 1.5") }
    self = number
  }

  var text: String { self == rounded() ? "\(Int(self))" : description }
}

/// A share of a whole, in hundredths.
package struct Percentage: Hashable, Comparable, Sendable {
  /// How many hundredths.
  package let hundredths: Int

  /// The share as a factor, 1 for the whole.
  package var fraction: Double { Double(hundredths) / 100 }

  package static func < (left: Percentage, right: Percentage) -> Bool { left.hundredths < right.hundredths }
}

extension Percentage: SingleSettingValue {
  static var kind: String { "percentage" }

  init(written text: String) throws(ValueRefusal) {
    let digits = text.hasSuffix("%") ? String(text.dropLast()) : ""
    guard digits.utf8.allSatisfy(\.isASCIIDigit), let number = Int(digits) else {
      throw ValueRefusal("is not a percentage", "write a number and a percent sign, such as 20%")
    }
    hundredths = number
  }

  var text: String { "\(hundredths)%" }
}

/// The permissions of a file or socket, as `chmod` takes them.
package struct FileMode: Hashable, Sendable {
  /// The nine permission bits.
  package let bits: UInt16
}

extension FileMode: SingleSettingValue {
  static var kind: String { "file mode" }

  init(written text: String) throws(ValueRefusal) {
    guard (3...4).contains(text.utf8.count), text.utf8.allSatisfy(\.isASCIIDigit), let number = UInt16(text, radix: 8), number <= 0o777
    else {
      throw ValueRefusal("is not a file mode", "write it as chmod takes it, such as 0660")
    }
    bits = number
  }

  var text: String {
    let digits = String(bits, radix: 8)
    return String(repeating: "0", count: 4 - digits.utf8.count) + digits
  }
}

extension ByteCount: SingleSettingValue {
  static var kind: String { "size" }

  init(written text: String) throws(ValueRefusal) {
    let refusal = ValueRefusal("is not a size", "write a number of bytes, or one with K, M, G or T behind it, such as 25M")
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let units = ["": 0, "B": 0, "K": 10, "M": 20, "G": 30, "T": 40]
    guard let number = Int(digits), let shift = units[text.dropFirst(digits.count).uppercased().trimmingSpaces] else { throw refusal }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
    guard !overflow else { throw refusal }
    self.init(bytes: bytes)
  }

  var text: String { description }
}
