// SPDX-License-Identifier: Apache-2.0

/// A private Dovecot that does nothing but check passwords and tokens for Postfix (Debian package `dovecot-core`).
package struct DovecotLogin: Sendable {
  /// The socket that Postfix asks.
  package let socketPath: String
  /// With what tokens must be signed (HS256).
  private static let tokenKey = "a key for the tokens of the tests"

  /// Starts it with its users, by name and password, and waits until it can be asked.
  package init(_ rig: Rig, users: [String: String]) throws {
    let stem = rig.directory.freshName("dovecot")
    socketPath = stem + ".auth"
    let passwords = users.map { "\($0.key):{PLAIN}\($0.value)" }.sorted().joined(separator: "\n")
    try Files.write(passwords + "\n", to: stem + ".users")
    try rig.output(of: "mkdir", ["-p", stem + ".keys/default/HS256"])
    let key = try rig.write(DovecotLogin.tokenKey, to: "dovecot.key")
    try Files.write(try rig.output(of: "base64", ["-w", "0", key]), to: stem + ".keys/default/HS256/default")
    try Files.write(
      "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix=\(stem).keys/\nusername_attribute = sub\n",
      to: stem + ".oauth2")
    try Files.write(DovecotLogin.configuration(stem: stem, socket: socketPath), to: stem + ".conf")
    let process = try rig.start("/usr/sbin/dovecot", ["-F", "-c", stem + ".conf"])
    let socket = socketPath
    try Deadline.usual.wait(until: "dovecot had made \(socket)") {
      guard process.isRunning else { throw HarnessFailure("dovecot ended: \(try Files.text(at: stem + ".log"))") }
      return Files.exists(socket)
    }
  }

  /// An access token for `user` that is good for an hour.
  package static func token(for user: String, _ rig: Rig) throws -> String {
    let program = """
      import base64, hashlib, hmac, json, sys, time
      code = lambda bytes: base64.urlsafe_b64encode(bytes).rstrip(b"=")
      claims = {"sub": sys.argv[1], "iat": int(time.time()) - 60, "exp": int(time.time()) + 3600}
      text = b".".join(code(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
      print((text + b"." + code(hmac.new(sys.argv[2].encode(), text, hashlib.sha256).digest())).decode(), end="")
      """
    return try rig.output(of: "python3", ["-c", program, user, tokenKey])
  }

  private static func configuration(stem: String, socket: String) -> String {
    """
    base_dir = \(stem).base
    state_dir = \(stem).state
    log_path = \(stem).log
    protocols =
    ssl = no
    default_internal_user = dovecot
    default_login_user = dovenull
    auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer
    auth_failure_delay = 0
    disable_plaintext_auth = no
    passdb {
      driver = oauth2
      mechanisms = xoauth2 oauthbearer
      args = \(stem).oauth2
    }
    passdb {
      driver = passwd-file
      args = \(stem).users
    }
    userdb {
      driver = static
      args = uid=65534 gid=65534 home=/nonexistent
    }
    service auth {
      unix_listener \(socket) {
        mode = 0666
      }
    }
    service anvil {
      unix_listener anvil-auth-penalty {
        mode = 0
      }
    }

    """
  }
}
