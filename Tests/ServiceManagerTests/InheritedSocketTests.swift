// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSystem
import ServiceManager
import Testing

/// Each test runs in a process of its own, because descriptors and environment belong to the process.
@Suite struct InheritedSocketTests {
  @Test func `listening sockets are taken over with name and address`() async {
    await #expect(processExitsWith: .success) {
      let v4 = try Socket.listening(on: .v4([127, 0, 0, 1], port: 0))
      let v6 = try Socket.listening(on: .v6(Array(repeating: 0, count: 15) + [1], port: 0, scope: 0))
      let path = makeTemporaryDirectory() + "/submit"
      let unix = try Socket.listening(on: .unix(path))
      let expected = [try v4.localAddress(), try v6.localAddress(), .unix(path)]
      let numbers = [v4.number, v6.number, unix.number]
      let handover = Handover(numbers, names: "smtp:smtp:local")
      let sockets = try InheritedSocket.takeAll()
      let flags = (3..<6).map { (fcntl($0, F_GETFD), fcntl($0, F_GETFL)) }
      #expect(sockets.map(\.name) == ["smtp", "smtp", "local"])
      #expect(sockets.map(\.address) == expected)
      #expect(flags.allSatisfy { $0.0 & FD_CLOEXEC != 0 && $0.1 & O_NONBLOCK != 0 })
      #expect(["LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID"].allSatisfy { variable($0) == nil })
      let more = try InheritedSocket.takeAll()
      #expect(more.isEmpty)
      let isTaken = sockets[0].take() != nil
      let isTakenTwice = sockets[0].take() != nil
      #expect(isTaken && !isTakenTwice)
      handover.end()
      remove(path)
      remove(String(path.dropLast(7)))
    }
  }

  @Test func `sockets meant for another process are left alone`() async {
    await #expect(processExitsWith: .success) {
      setVariable("LISTEN_PID", "1")
      setVariable("LISTEN_FDS", "3")
      let sockets = try InheritedSocket.takeAll()
      #expect(sockets.isEmpty)
    }
  }

  @Test func `without names a socket is called unknown`() async {
    await #expect(processExitsWith: .success) {
      let v4 = try Socket.listening(on: .v4([127, 0, 0, 1], port: 0))
      let handover = Handover([v4.number], names: nil)
      let names = try InheritedSocket.takeAll().map(\.name)
      handover.end()
      #expect(names == ["unknown"])
    }
  }

  @Test func `a count that is no number is a failure`() async {
    await #expect(processExitsWith: .success) {
      setVariable("LISTEN_PID", "\(getpid())")
      setVariable("LISTEN_FDS", "many")
      #expect(throws: InheritedSocketFailure.self) { try InheritedSocket.takeAll() }
    }
  }

  @Test func `what is no listening stream socket is refused, and everything is closed`() async {
    await #expect(processExitsWith: .success) {
      let good = try Socket.listening(on: .v4([127, 0, 0, 1], port: 0))
      var pair: [Int32] = [0, 0]
      _ = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair)
      let datagram = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
      let file = unsafe open("/dev/null", O_RDONLY)
      for (number, failure) in [
        (pair[0], InheritedSocketFailure.notListening("second")), (datagram, .notAStreamSocket("second")),
        (file, .notAStreamSocket("second")),
      ] {
        let handover = Handover([good.number, number], names: "first:second")
        var thrown: InheritedSocketFailure?
        do throws(InheritedSocketFailure) {
          _ = try InheritedSocket.takeAll()
        } catch {
          thrown = error
        }
        let isClosed = fcntl(3, F_GETFD) < 0 && fcntl(4, F_GETFD) < 0
        handover.end()
        #expect(thrown == failure)
        #expect(isClosed)
      }
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
  ])
  func `a refusal names the setting to change`(failure: InheritedSocketFailure, sentence: String, remedy: String) {
    #expect("\(failure)" == sentence)
    #expect(failure.remedy == remedy)
  }
}

/// Puts descriptors where a service manager would put them, from 3 on, and puts back what was there.
private final class Handover {
  private var saved: [Int32] = []

  init(_ numbers: [Int32], names: String?) {
    let copies = numbers.map { fcntl($0, F_DUPFD, 200) }
    for (index, copy) in copies.enumerated() {
      saved.append(fcntl(Int32(3 + index), F_DUPFD_CLOEXEC, 100))
      dup2(copy, Int32(3 + index))
      close(copy)
    }
    setVariable("LISTEN_PID", "\(getpid())")
    setVariable("LISTEN_FDS", "\(numbers.count)")
    if let names { setVariable("LISTEN_FDNAMES", names) }
  }

  func end() {
    for (index, number) in saved.enumerated() where number >= 0 { dup2(number, Int32(3 + index)) }
  }
}
