// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing
internal import Varlink

/// The commonest mistake of operators, over as long as a run of the tests has time for, and over ten minutes in a soak.
@Suite struct WrongPasswordTests {
  /// How long the password is wrong, and what follows.
  struct Course: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// How long the password is wrong.
    let wrong: Duration
    /// How long mail is handed in, from the beginning.
    let whole: Duration
    /// How long the pause between two messages is.
    let pause: Duration
    /// What `Retry.First=` and `Retry.Max=` are.
    let retry: (first: String, max: String)
    /// How many logins may be tried in vain.
    let logins: Int
  }

  /// With the settings of an installation, the probes come after 10 s, 20 s … up to five minutes.
  private static let courses: [Course] = {
    let short = Course(
      testDescription: "seconds", wrong: .seconds(6), whole: .seconds(8), pause: .milliseconds(200), retry: ("1s", "2s"), logins: 8)
    let long = Course(
      testDescription: "ten minutes", wrong: .seconds(300), whole: .seconds(600), pause: .seconds(1), retry: ("1min", "1h"), logins: 8)
    return Environment["POSTHOUSE_SOAK"] == nil ? [short] : [short, long]
  }()

  @Test(arguments: courses) func `nothing bounces, status names the fault at once, and the right secret alone drains the queue`(
    course: Course
  ) throws {
    try Rig.use { rig in
      let postfix = try PostfixUpstream(rig)
      let secret = try rig.write("not this one", to: "secret", mode: 0o600)
      let daemon = try rig.daemon {
        $0.useUpstream(postfix, passwordFile: secret)
        ($0["Retry.First"], $0["Retry.Max"]) = course.retry
      }
      let client = try daemon.client()
      try hand("number 0", to: client)
      try expectFault(daemon, within: .seconds(5))

      let (begun, interval) = (ContinuousClock.now, course.pause)
      var count = 1
      var isCorrected = false
      while ContinuousClock.now - begun < course.whole {
        try hand("number \(count)", to: client)
        count += 1
        if !isCorrected, ContinuousClock.now - begun >= course.wrong {
          try expectFault(daemon, within: .seconds(5))
          let status = try daemon.control.status()
          #expect(status.spool.messages == count && status.spool.failed == 0)
          #expect(postfix.inbox.count == 0)
          let logins = postfix.log.split(separator: "\n").count { $0.contains("authentication failed") }
          #expect(logins >= 2 && logins <= course.logins, "\(logins) logins in \(course.wrong)")
          _ = try rig.write(PostfixUpstream.password, to: "secret", mode: 0o600)
          isCorrected = true
        }
        Deadline.pause(interval)
      }
      // The last probe before may have been just now, and the next comes within five minutes.
      try daemon.drain(.in(.seconds(330)))
      let subjects = try postfix.inbox.messages(atLeast: count).compactMap { $0.value(of: "Subject") }
      #expect(Set(subjects).count == count && subjects.count == count)
      #expect(try daemon.command("status").end == .exited(0))
      #expect(!daemon.log.contains("not this one") && !daemon.log.contains(PostfixUpstream.password))
    }
  }

  private func hand(_ subject: String, to client: MailClient) throws {
    #expect(try client.send(from: "ann@example.org", to: ["bob@example.net"], "Subject: \(subject)\n\nx\n").code == 250)
  }

  /// The command must say by its exit code that somebody must look, and name what is wrong and what to do.
  private func expectFault(_ daemon: Daemon, within limit: Duration) throws {
    try Deadline.in(limit).wait(everyMicroseconds: 100_000, until: "posthouse status named the fault") {
      let command = try daemon.command("status")
      return command.end == .exited(1) && command.output.contains("535") && command.output.contains("correct User and the password")
    }
  }
}
