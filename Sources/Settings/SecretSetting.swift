// SPDX-License-Identifier: Apache-2.0
package import Octets

/// A password as a setting: it is read like a text and shown as a placeholder.
extension Secret: SingleSettingValue {
  static var kind: String { "secret" }
  static var isSecret: Bool { true }

  init(written text: String) throws(ValueRefusal) {
    guard !text.hasControlCharacter else {
      throw ValueRefusal("has a control character in it", "put such a secret into a file and name it with PasswordFile=")
    }
    self.init(text)
  }

  var text: String { Setting.hidden }
}
