// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSystem
import ServiceManager
import Testing
import Timekeeping

/// Each test runs in a process of its own, because the environment belongs to the process.
@Suite struct ServiceNotifierTests {
  @Test func `every state is one datagram in the words of sd_notify`() async {
    await #expect(processExitsWith: .success) {
      let directory = makeTemporaryDirectory()
      let manager = DatagramSocket(path: directory + "/notify")
      setVariable("NOTIFY_SOCKET", directory + "/notify")
      let notifier = ServiceNotifier()
      #expect(notifier.isSupervised)
      #expect(notifier.watchdogLimit == nil)
      try notifier.ready("listening on 127.0.0.1:25")
      #expect(manager.receive() == "READY=1\nSTATUS=listening on 127.0.0.1:25")
      try notifier.status("3 queued")
      #expect(manager.receive() == "STATUS=3 queued")
      try notifier.reloading(at: Moment(nanoseconds: 12_345_678))
      #expect(manager.receive() == "RELOADING=1\nMONOTONIC_USEC=12345")
      try notifier.stopping("draining")
      #expect(manager.receive() == "STOPPING=1\nSTATUS=draining")
      try notifier.alive()
      #expect(manager.receive() == "WATCHDOG=1")
      try notifier.extendTimeout(by: .seconds(30), "recovering: 40%")
      #expect(manager.receive() == "EXTEND_TIMEOUT_USEC=30000000\nSTATUS=recovering: 40%")
      #expect(manager.receive() == nil)
      remove(directory + "/notify")
      remove(directory)
    }
  }

  @Test func `a manager that does not read is not waited for`() async {
    await #expect(processExitsWith: .success) {
      let directory = makeTemporaryDirectory()
      let manager = DatagramSocket(path: directory + "/notify")
      setVariable("NOTIFY_SOCKET", directory + "/notify")
      let notifier = ServiceNotifier()
      let begun = ContinuousClock.now
      var told = 0
      do throws(SystemFailure) {
        while told < 100_000 {
          try notifier.status("\(told) queued")
          told += 1
        }
        Issue.record("the socket is never full")
      } catch {
        #expect(error.number == EAGAIN)
      }
      #expect(throws: SystemFailure.self) { try notifier.ready("listening") }
      #expect(ContinuousClock.now - begun < .seconds(30))
      for number in 0..<told { #expect(manager.receive() == "STATUS=\(number) queued") }
      try notifier.status("heard again")
      #expect(manager.receive() == "STATUS=heard again")
      remove(directory + "/notify")
      remove(directory)
    }
  }

  @Test func `a status with line breaks cannot bring another assignment, and is cut`() async {
    await #expect(processExitsWith: .success) {
      let directory = makeTemporaryDirectory()
      let manager = DatagramSocket(path: directory + "/notify")
      setVariable("NOTIFY_SOCKET", directory + "/notify")
      let notifier = ServiceNotifier()
      try notifier.status("refused: 550 no\r\nMAINPID=1\u{2028}x\u{7f}")
      #expect(manager.receive() == "STATUS=refused: 550 no  MAINPID=1 x ")
      try notifier.status(String(repeating: "é", count: 5000))
      #expect(manager.receive() == "STATUS=" + String(repeating: "é", count: 1000))
      remove(directory + "/notify")
      remove(directory)
    }
  }

  @Test func `without a service manager nothing is sent and nothing fails`() async {
    await #expect(processExitsWith: .success) {
      setVariable("NOTIFY_SOCKET", nil)
      let notifier = ServiceNotifier()
      #expect(notifier.isSupervised == false)
      try notifier.ready("listening")
      try notifier.alive()
    }
  }

  @Test func `a service manager that is gone is told of as a failure`() async {
    await #expect(processExitsWith: .success) {
      setVariable("NOTIFY_SOCKET", "/nowhere/notify")
      #expect(throws: SystemFailure(call: "notify", subject: "the service manager", number: ENOENT)) {
        try ServiceNotifier().alive()
      }
    }
  }

  @Test func `the watchdog's limit comes from the environment, if it is meant for this process`() async {
    await #expect(processExitsWith: .success) {
      setVariable("WATCHDOG_USEC", "30000000")
      setVariable("WATCHDOG_PID", "\(getpid())")
      #expect(ServiceNotifier().watchdogLimit == .seconds(30))
      setVariable("WATCHDOG_PID", "1")
      #expect(ServiceNotifier().watchdogLimit == nil)
      setVariable("WATCHDOG_PID", nil)
      setVariable("WATCHDOG_USEC", "18446744073709551615")
      #expect(ServiceNotifier().watchdogLimit == nil)
      setVariable("WATCHDOG_USEC", "soon")
      #expect(ServiceNotifier().watchdogLimit == nil)
    }
  }
}
