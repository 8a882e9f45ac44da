// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing
internal import Varlink

/// Real proxies before a real Postfix: microsocks for SOCKS 5, tinyproxy for HTTP CONNECT.
@Suite struct ProxyTests {
  private func send(_ daemon: Daemon) throws {
    #expect(try daemon.client().send(from: "ann@example.org", to: ["bob@example.net"], "Subject: hi\n\nhello\n").code == 250)
  }

  /// Starts a SOCKS proxy; answers its port.
  private func microsocks(_ rig: Rig, _ arguments: String...) throws -> UInt16 {
    let port = try LoopbackListener.freePort()
    let process = try rig.start("microsocks", ["-i", "127.0.0.1", "-p", "\(port)"] + arguments)
    try listen(process, port)
    return port
  }

  /// Starts an HTTP proxy; answers its port.
  private func tinyproxy(_ rig: Rig, _ lines: String...) throws -> UInt16 {
    let port = try LoopbackListener.freePort()
    let file = rig.directory.freshName("tinyproxy")
    let log = file + ".log"
    let text = ["Port \(port)", "Listen 127.0.0.1", "Timeout 60", "MaxClients 20", "LogFile \"\(log)\"", "Allow 127.0.0.1"] + lines
    try Files.write(text.joined(separator: "\n") + "\n", to: file)
    try listen(try rig.start("tinyproxy", ["-d", "-c", file]), port)
    return port
  }

  private func listen(_ process: ChildProcess, _ port: UInt16) throws {
    try Deadline.usual.wait(until: "\(process.name) listened on \(port)") {
      guard process.isRunning else { throw HarnessFailure("\(process.name) ended: \(process.errors)") }
      return (try? Connection(port: port)) != nil
    }
  }

  private func delivers(_ rig: Rig, _ proxy: String, _ more: (inout DaemonSettings) throws -> Void = { _ in }) throws {
    let postfix = try PostfixUpstream(rig)
    var settings = DaemonSettings()
    settings.useUpstream(postfix)
    settings["Upstream.Proxy"] = proxy
    try more(&settings)
    let daemon = try rig.daemon { $0 = settings }
    try send(daemon)
    #expect(try postfix.inbox.messages(atLeast: 1).first?.value(of: "Received")?.contains("ESMTPSA") == true)
    try daemon.drain()
  }

  @Test func `STARTTLS and AUTH go through a SOCKS proxy`() throws {
    try Rig.use { rig in try delivers(rig, "socks5://127.0.0.1:\(try microsocks(rig))") }
  }

  @Test func `a SOCKS proxy is logged in at, with the password from a file`() throws {
    try Rig.use { rig in
      let port = try microsocks(rig, "-u", "app", "-P", "swordfish")
      let file = try rig.write("swordfish\n", to: "proxy-password", mode: 0o600)
      try delivers(rig, "socks5://app@127.0.0.1:\(port)") { $0["Upstream.ProxyPasswordFile"] = file }
    }
  }

  @Test func `STARTTLS and AUTH go through an HTTP proxy`() throws {
    try Rig.use { rig in try delivers(rig, "http://127.0.0.1:\(try tinyproxy(rig))") }
  }

  @Test func `an HTTP proxy is logged in at`() throws {
    try Rig.use { rig in try delivers(rig, "http://app:sword%2Dfish@127.0.0.1:\(try tinyproxy(rig, "BasicAuth app sword-fish"))") }
  }

  /// What an operator is told when the way is through this proxy, and whether the upstream is held.
  private func fault(_ rig: Rig, _ proxy: String) throws -> (words: String, isHeld: Bool) {
    let daemon = try rig.daemon {
      $0.useUpstream(port: 9)
      $0["Upstream.Proxy"] = proxy
    }
    try send(daemon)
    let status = try daemon.status("the upstream has a fault") { $0.upstreams.first?.fault != nil }
    #expect(status.spool.messages == 1 && status.spool.failed == 0)
    let upstream = try #require(status.upstreams.first)
    return (upstream.fault ?? "", upstream.state == .held)
  }

  @Test func `a SOCKS proxy that refuses the login, or cannot reach the upstream, is told apart`() throws {
    try Rig.use { rig in
      let port = try microsocks(rig, "-u", "app", "-P", "swordfish")
      let refused = try fault(rig, "socks5://app:wrong@127.0.0.1:\(port)")
      #expect(refused.isHeld && refused.words.contains("refused user and password"), "\(refused)")
      let missing = try fault(rig, "socks5://127.0.0.1:\(port)")
      #expect(missing.isHeld && missing.words.contains("wants a login"), "\(missing)")
      let unreachable = try fault(rig, "socks5://app:swordfish@127.0.0.1:\(port)")
      #expect(!unreachable.isHeld && unreachable.words.contains("SOCKS code 5"), "\(unreachable)")
    }
  }

  @Test func `an HTTP proxy that refuses the login or the port, or cannot reach the upstream, is told apart`() throws {
    try Rig.use { rig in
      let missing = try fault(rig, "http://127.0.0.1:\(try tinyproxy(rig, "BasicAuth app swordfish"))")
      #expect(missing.isHeld && missing.words.contains("(407 "), "\(missing)")
      let forbidden = try fault(rig, "http://127.0.0.1:\(try tinyproxy(rig, "ConnectPort 443"))")
      #expect(forbidden.isHeld && forbidden.words.contains("does not allow this connection (403"), "\(forbidden)")
      let unreachable = try fault(rig, "http://127.0.0.1:\(try tinyproxy(rig))")
      #expect(!unreachable.isHeld && unreachable.words.contains("cannot reach the upstream (50"), "\(unreachable)")
    }
  }
}
