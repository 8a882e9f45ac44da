// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// A password stretched as one upstream wants it (`SaltedPassword` of RFC 5802 §3), to be remembered while the upstream asks the same
/// again.
package struct SCRAMKey: Sendable, Equatable {
  /// What it was made from.
  let derivation: SCRAMDerivation
  /// The stretched password.
  let salted: Secret

  /// Whether it answers what is asked for now.
  func answers(_ wanted: SCRAMDerivation) -> Bool { derivation == wanted }
}

/// The work of stretching a password: up to about a second for a million rounds, to be done where nothing waits for it.
package struct SCRAMDerivation: Sendable, Equatable {
  let digest: MessageDigest
  let password: Secret
  let salt: [UInt8]
  /// How many rounds it takes.
  package let iterations: Int

  /// Does the work.
  package func key() -> SCRAMKey {
    SCRAMKey(derivation: self, salted: digest.stretch(password, salt: salt.span, iterations: iterations))
  }
}
