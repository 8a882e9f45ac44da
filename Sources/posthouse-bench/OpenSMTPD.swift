// SPDX-License-Identifier: Apache-2.0
import Harness

/// OpenSMTPD (Debian package, unpacked), as it is shipped but for the number of messages on one connection: it has next
/// to nothing to tune for this.
struct OpenSMTPD: Contestant {
  let name = "opensmtpd"
  let scope = Scope.central
  private let program = UnpackedProgram("opensmtpd", "smtpd")

  var hindrance: String? { program.hindrance }

  func start(_ rig: Rig, to destination: Destination, connections: Int) throws -> RunningRelay {
    let port = try LoopbackListener.freePort()
    let room = try MountedRoom(rig, name, users: ["opensmtpd", "opensmtpq"])
    try room.makeDirectory("lib/opensmtpd/empty")
    var onward = "smtp://localhost:\(destination.port)"
    var login = ""
    if case .secure(_, let authority) = destination {
      try room.trust(authority)
      onward = "smtp+tls://bench@localhost:\(destination.port)"
      login = "auth <logins>"
    }
    let text = """
      table logins { bench = "\(Destination.user):\(Destination.password)" }
      smtp max-message-size 100M
      smtp limit max-mails 1000000
      listen on 127.0.0.1 port \(port) hostname bench.localdomain
      action "onward" relay host \(onward) \(login)
      match from any for any action "onward"

      """
    try Files.write(text, to: room["smtpd.conf"], mode: 0o600)
    let process = try room.hold(program, ["-d", "-f", room["smtpd.conf"]], name: name)
    try rig.awaitGreeting(process, port: port)
    return RunningRelay(process: process, port: port)
  }
}
