// SPDX-License-Identifier: Apache-2.0

/// A private Dovecot that does nothing but check passwords for Postfix (Debian package `dovecot-core`).
package struct DovecotLogin: Sendable {
  /// The socket that Postfix asks.
  package let socketPath: String

  /// Starts it with its users, by name and password, and waits until it can be asked.
  package init(_ rig: Rig, users: [String: String]) throws {
    let stem = rig.directory.freshName("dovecot")
    socketPath = stem + ".auth"
    let passwords = users.map { "\($0.key):{PLAIN}\($0.value)" }.sorted().joined(separator: "\n")
    try Files.write(passwords + "\n", to: stem + ".users")
    try Files.write(DovecotLogin.configuration(stem: stem, socket: socketPath), to: stem + ".conf")
    let process = try rig.start("/usr/sbin/dovecot", ["-F", "-c", stem + ".conf"])
    let socket = socketPath
    try Deadline.usual.wait(until: "dovecot had made \(socket)") {
      guard process.isRunning else { throw HarnessFailure("dovecot ended: \(try Files.text(at: stem + ".log"))") }
      return Files.exists(socket)
    }
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
    auth_mechanisms = plain login
    auth_failure_delay = 0
    disable_plaintext_auth = no
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
