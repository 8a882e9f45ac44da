// SPDX-License-Identifier: Apache-2.0
internal import Octets
package import Settings

/// What the mechanisms that the settings name are like on the wire.
extension SASLMechanism {
  /// Whether the proof is tied to the connection.
  package var bindsChannel: Bool {
    switch self {
    case .scramSHA256Plus, .scramSHA1Plus: true
    case .scramSHA256, .scramSHA1, .external, .oauthBearer, .xoauth2, .cramMD5, .plain, .login: false
    }
  }

  /// Whether an access token is what it shows.
  package var takesToken: Bool {
    switch self {
    case .oauthBearer, .xoauth2: true
    case .scramSHA256Plus, .scramSHA1Plus, .scramSHA256, .scramSHA1, .external, .cramMD5, .plain, .login: false
    }
  }

  /// The digest inside it, where it is one of SCRAM's.
  var scramDigest: MessageDigest? {
    switch self {
    case .scramSHA256Plus, .scramSHA256: .sha256
    case .scramSHA1Plus, .scramSHA1: .sha1
    case .external, .oauthBearer, .xoauth2, .cramMD5, .plain, .login: nil
    }
  }
}
