// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSystem
import ServiceManager
import Testing

/// What needs no descriptor. Where sockets are really handed over, they go to a freshly executed daemon: see `SocketActivationTests`. Each
/// test that changes the environment runs in a process of its own.
@Suite struct InheritedSocketTests {
  @Test func `sockets meant for another process are left alone`() async {
    await #expect(processExitsWith: .success) {
      setVariable("LISTEN_PID", "1")
      setVariable("LISTEN_FDS", "3")
      let sockets = try InheritedSocket.takeAll()
      #expect(sockets.isEmpty)
    }
  }

  @Test(arguments: ["many", "-1", "0", "2147483647"]) func `a count that is none is a failure, and only once`(count: String) async {
    await #expect(processExitsWith: .success) { [count = count as String] in
      setVariable("LISTEN_PID", "\(getpid())")
      setVariable("LISTEN_FDS", count)
      setVariable("LISTEN_FDNAMES", "smtp")
      #expect(throws: InheritedSocketFailure.self) { try InheritedSocket.takeAll() }
      #expect(["LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID"].allSatisfy { variable($0) == nil })
      let more = try InheritedSocket.takeAll()
      #expect(more.isEmpty)
    }
  }

  @Test(arguments: [
    (
      InheritedSocketFailure.notListening("smtp"), "the socket \"smtp\" from the service manager does not listen",
      "set Accept=no in the socket unit"
    ),
    (
      .notAStreamSocket("smtp"), "the descriptor \"smtp\" from the service manager is not a stream socket",
      "use ListenStream= in the socket unit"
    ),
    (
      .unknownFamily("smtp"), "the socket \"smtp\" from the service manager is of an unknown family",
      "listen on an IPv4, IPv6 or Unix address in the socket unit"
    ),
  ])
  func `a refusal names the setting to change`(failure: InheritedSocketFailure, sentence: String, remedy: String) {
    #expect("\(failure)" == sentence)
    #expect(failure.remedy == remedy)
  }
}
