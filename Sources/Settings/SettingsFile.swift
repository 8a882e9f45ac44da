// SPDX-License-Identifier: Apache-2.0
/// One configuration file as it was read: its name for complaints, and its bytes.
package struct SettingsFile: Hashable, Sendable {
  /// The name that complaints show.
  package let name: String
  /// The content, which nobody has checked yet.
  package let bytes: [UInt8]

  /// A file that was read from somewhere.
  package init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  /// A file with this text.
  package init(name: String, text: String) {
    self.init(name: name, bytes: Array(text.utf8))
  }
}
