// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Harness
internal import LinuxSystem
internal import Testing
internal import Varlink

/// Sockets that the service manager opened (`LISTEN_FDS`), handed to a freshly executed daemon from descriptor 3 on, as systemd does it. In
/// a process that runs already, a test's own included, those numbers belong to somebody else.
@Suite struct SocketActivationTests {
  @Test func `a socket that the service manager opened is served`() throws {
    try Rig.use { rig in
      let listener = try LoopbackListener()
      let daemon = try rig.daemon(.activated(by: [listener.number], names: "smtp"))
      #expect(try MailClient(port: listener.port).send(from: "a@example.org", to: ["b@example.org"], "Subject: handed\n\nx\n").code == 250)
      #expect(try daemon.captured.messages(atLeast: 1).first?.value(of: "Subject") == "handed")
      #expect(try daemon.control.status().listeners.map(\.address) == ["127.0.0.1:\(listener.port)"])
    }
  }

  @Test func `an address in the settings that is not listened on is warned of, and no restart is asked for`() throws {
    try Rig.use { rig in
      let listener = try LoopbackListener()
      let daemon = try rig.preparedDaemon(.activated(by: [listener.number], names: "smtp"))
      try daemon.change { $0["Listen.Address"] = "127.0.0.1:\(listener.port)" }
      try daemon.start()
      #expect(try daemon.control.status().warnings.allSatisfy { !$0.contains("Listen.Address") })
      try daemon.change { $0["Listen.Address"] = "127.0.0.1:2525" }
      try daemon.reload()
      let warning = try #require(try daemon.control.status().warnings.first { $0.contains("Listen.Address") })
      #expect(warning.contains("has no effect") && warning.contains("ListenStream="))
      #expect(!daemon.log.contains("restart-needed"))
    }
  }

  @Test func `sockets of every family are taken over with name and address, and nobody waits for them or inherits them`() throws {
    try Rig.use { rig in
      let v4 = try LoopbackListener()
      let v6 = try Socket.listening(on: .v6(Array(repeating: 0, count: 15) + [1], port: 0, scope: 0))
      let unix = try Socket.listening(on: .unix(rig.directory["submit"]))
      let control = try Socket.listening(on: .unix(rig.directory["asked"]))
      for number in [v4.number, v6.number, unix.number, control.number] { try #require(fcntl(number, F_SETFL, 0) == 0) }
      let numbers = [v4.number, v6.number, unix.number, control.number]
      let daemon = try rig.daemon(.activated(by: numbers, names: "smtp:smtp:local:varlink"))
      let status = try ControlClient(socket: rig.directory["asked"]).status()
      #expect(status.listeners.map(\.address) == ["127.0.0.1:\(v4.port)", "\(try v6.localAddress())", "\(try unix.localAddress())"])
      #expect(!Files.exists(daemon.control.path))
      for number in 3..<(3 + numbers.count) {
        let facts = try Files.text(at: "/proc/\(try daemon.pid)/fdinfo/\(number)")
        let line = facts.split(separator: "\n").first { $0.hasPrefix("flags:") }
        let flags = try #require(line.flatMap { Int32($0.dropFirst(6).drop { $0 == "\t" }, radix: 8) })
        #expect(flags & O_NONBLOCK != 0 && flags & O_CLOEXEC != 0, "descriptor \(number) has \(flags)")
      }
    }
  }

  @Test(arguments: [
    (Descriptors.connection, "the socket \"second\" from the service manager does not listen; set Accept=no in the socket unit"),
    (
      .datagrams,
      "the descriptor \"second\" from the service manager is not a stream socket; use ListenStream= in the socket unit"
    ),
    (.file, "the descriptor \"second\" from the service manager is not a stream socket; use ListenStream= in the socket unit"),
  ])
  private func `what is no listening stream socket ends the start with 78, its name and what to do`(
    second: Descriptors, sentence: String
  ) throws {
    try Rig.use { rig in
      let first = try LoopbackListener()
      let other = try second.open()
      let daemon = try rig.preparedDaemon(.activated(by: [first.number, other.number], names: "first:second"))
      #expect(try daemon.launch().wait() == .exited(78))
      #expect(daemon.log == "posthoused: \(sentence)\n")
    }
  }

  @Test func `without names a socket is called unknown`() throws {
    try Rig.use { rig in
      let other = try Descriptors.connection.open()
      let daemon = try rig.preparedDaemon(.activated(by: [other.number]))
      #expect(try daemon.launch().wait() == .exited(78))
      #expect(daemon.log.contains("the socket \"unknown\" from the service manager does not listen"), "\(daemon.log)")
    }
  }

  @Test func `sendmail waits at the service manager's socket for a daemon that is only being started`() throws {
    try Rig.use { rig in
      let listener = try LoopbackListener()
      let letter = try rig.write("To: b@example.org\nSubject: early\n\nx\n", to: "letter")
      let early = try rig.start(
        try Environment.program("posthouse"), ["sendmail", "-t", "-i", "-v", "-f", "a@example.org"],
        environment: ["POSTHOUSE_SUBMIT": "127.0.0.1:\(listener.port)", "POSTHOUSE_CONFIG": "/nowhere/posthouse.conf"], input: letter)
      #expect(early.isRunning)
      let daemon = try rig.daemon(.activated(by: [listener.number], names: "smtp"))
      #expect(try early.wait() == .exited(0), "\(early.errors)")
      #expect(try daemon.captured.messages(atLeast: 1).first?.value(of: "Subject") == "early")
      // A further connection may wait in the kernel while the daemon is away.
      #expect(try daemon.stop() == .exited(0))
      let late = try rig.start(
        try Environment.program("posthouse"), ["sendmail", "-t", "-i", "-f", "a@example.org"],
        environment: ["POSTHOUSE_SUBMIT": "127.0.0.1:\(listener.port)", "POSTHOUSE_CONFIG": "/nowhere/posthouse.conf"], input: letter)
      try daemon.start()
      #expect(try late.wait() == .exited(0), "\(late.errors)")
      _ = try daemon.captured.messages(atLeast: 2)
    }
  }
}

/// What a socket unit that is wrong would hand over.
private enum Descriptors: Sendable {
  case connection, datagrams, file

  func open() throws -> Descriptor {
    switch self {
    case .connection:
      var pair: [Int32] = [0, 0]
      let made = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pair)
      guard made == 0 else { throw SystemFailure.last("open", "a pair of sockets") }
      close(pair[1])
      return Descriptor(owning: pair[0])
    case .datagrams:
      return try Descriptor.checked(socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0), "open", "a socket")
    case .file:
      return try Descriptor.checked(unsafe Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC), "open", "/dev/null")
    }
  }
}
