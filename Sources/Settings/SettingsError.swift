// SPDX-License-Identifier: Apache-2.0
/// One mistake in the configuration: where it stands, what is wrong, and what to write instead.
///
/// As text it is a sentence for the person who made it:
/// `posthouse.conf:12: Upstream.Port "0" is not a port (1–65535); use 587 for submission or 465 for implicit TLS`.
package struct SettingsError: Hashable, Sendable {
  /// Where the mistake stands.
  package let origin: SettingOrigin
  /// What is wrong and what to do, without the place.
  package let text: String

  /// A mistake from its parts.
  package init(_ origin: SettingOrigin, _ text: String) {
    self.origin = origin
    self.text = text
  }
}

extension SettingsError: CustomStringConvertible {
  package var description: String { "\(origin): \(text)" }
}

/// Why a configuration was refused as a whole: every mistake in it, in the order of the files.
package struct SettingsRefusal: Error, Hashable, Sendable {
  /// The mistakes; never empty.
  package let errors: [SettingsError]

  /// A refusal for these mistakes.
  package init(_ errors: [SettingsError]) {
    precondition(!errors.isEmpty, "a refusal has a reason")
    self.errors = errors
  }
}

extension SettingsRefusal: CustomStringConvertible {
  package var description: String { errors.map(\.description).joined(separator: "\n") }
}
