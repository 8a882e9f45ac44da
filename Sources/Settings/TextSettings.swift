// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// Plain text as a setting: anything but nothing and control characters.
extension String: SingleSettingValue {
  static var kind: String { "text" }

  init(written text: String) throws(ValueRefusal) {
    guard !text.hasControlCharacter else { throw ValueRefusal("has a control character in it", "take it out") }
    self = text
  }

  var text: String { self }
}

/// The absolute path of a file or directory.
package struct FilePath: Hashable, Sendable {
  /// The path as it is given to the system.
  package let path: String

  /// A path that the program itself knows.
  package init(_ path: String) {
    precondition(path.hasPrefix("/"), "a path in the settings is absolute")
    self.path = path
  }
}

extension FilePath: SingleSettingValue {
  static var kind: String { "path" }

  init(written text: String) throws(ValueRefusal) {
    guard text.hasPrefix("/"), !text.hasControlCharacter else {
      throw ValueRefusal("is not an absolute path", "begin it with a slash")
    }
    guard text.utf8.count <= 4095 else { throw ValueRefusal("is too long for a path", "keep it below 4,096 bytes") }
    let withoutEnd = text.utf8.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
    self.init(withoutEnd)
  }

  var text: String { path }
}

/// An address of a machine, without port or prefix.
extension IPAddress: SingleSettingValue {
  static var kind: String { "address" }

  init(written text: String) throws(ValueRefusal) {
    let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
    guard let address = IPAddress(String(isBracketed ? text.dropFirst().dropLast() : text[...])) else {
      throw ValueRefusal("is not an address", "write an IPv4 or IPv6 address, such as 192.0.2.7 or 2001:db8::7")
    }
    self = address
  }

  var text: String { description }
}

/// The domain name of a machine.
package struct HostName: Hashable, Sendable {
  /// The name in the case in which it was written, without a dot at the end.
  package let name: String

  /// The name that `text` is; nil when it is none (letters, digits, hyphens and underscores between
  /// dots, the last part not a number, RFC 1123 §2.1).
  package init?(_ text: some StringProtocol) {
    let name = text.hasSuffix(".") ? String(text.dropLast()) : String(text)
    guard !name.isEmpty, name.utf8.count <= 253 else { return nil }
    for label in name.split(separator: ".", omittingEmptySubsequences: false) {
      let hyphen = UInt8(ascii: "-")
      guard (1...63).contains(label.utf8.count), label.utf8.first != hyphen, label.utf8.last != hyphen else { return nil }
      guard label.utf8.allSatisfy({ $0.isASCIIDigit || $0.isASCIILetter || $0 == hyphen || $0 == UInt8(ascii: "_") }) else { return nil }
    }
    guard let last = name.split(separator: ".").last, !last.utf8.allSatisfy(\.isASCIIDigit) else { return nil }
    self.name = name
  }

  /// Whether it has a domain behind its first part.
  package var isQualified: Bool { name.contains(".") }
}

extension HostName: SingleSettingValue {
  static var kind: String { "host name" }

  init(written text: String) throws(ValueRefusal) {
    guard let name = HostName(text) else {
      throw ValueRefusal("is not a host name", "write a name such as app1.example.com")
    }
    self = name
  }

  var text: String { name }
}

/// The name of a file or group without any path: one word that is safe to append to a directory.
package struct PlainName: Hashable, Sendable {
  /// The name.
  package let name: String
}

extension PlainName: SingleSettingValue {
  static var kind: String { "name" }

  init(written text: String) throws(ValueRefusal) {
    let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "/") }
    guard isPlain, text != ".", text != "..", (1...255).contains(text.utf8.count) else {
      throw ValueRefusal("is not a plain name", "write one word without a slash")
    }
    name = text
  }

  var text: String { name }
}

/// A program with its arguments, to be started without a shell.
package struct CommandWords: Hashable, Sendable {
  /// The absolute path of the program, then its arguments.
  package let words: [String]
}

extension CommandWords: SettingValue {
  static var kind: String { "command" }
  static var form: SettingForm { .words }

  init(written words: [String]) throws(ValueRefusal) {
    guard let program = words.first, program.hasPrefix("/") else {
      throw ValueRefusal("does not begin with an absolute path", "write the whole path of the program; no shell is involved")
    }
    guard !words.contains(where: \.hasControlCharacter) else {
      throw ValueRefusal("has a control character in it", "take it out")
    }
    self.words = words
  }

  var text: String { words.map { QuotedText.written($0, asWord: true) }.joined(separator: " ") }
}
