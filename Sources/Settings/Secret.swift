// SPDX-License-Identifier: Apache-2.0
/// A password or token: it can be used, but not printed by accident.
///
/// Interpolated into a text, dumped or reflected it is `(hidden)`; only ``bytes`` gives it away, so a search for that name finds every use.
package struct Secret: Hashable, Sendable {
  /// The secret itself.
  package let bytes: [UInt8]

  /// A secret of these bytes.
  package init(bytes: [UInt8]) { self.bytes = bytes }

  /// What stands in its place wherever people look.
  package static let placeholder = "(hidden)"
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { Secret.placeholder }
  package var debugDescription: String { Secret.placeholder }
  package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

extension Secret: SingleSettingValue {
  static var kind: String { "secret" }
  static var isSecret: Bool { true }

  init(written text: String) throws(ValueRefusal) {
    guard !text.hasControlCharacter else {
      throw ValueRefusal("has a control character in it", "put such a secret into a file and name it with PasswordFile=")
    }
    self.init(bytes: Array(text.utf8))
  }

  var text: String { Secret.placeholder }
}
