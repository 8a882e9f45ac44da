// SPDX-License-Identifier: Apache-2.0
import Glibc
import ServiceManager
import Testing

/// Each test runs in a process of its own, because standard error and the environment belong to the process.
@Suite struct LogSinkTests {
  @Test func `without the journal a record is one line on standard error`() async throws {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      setVariable("JOURNAL_STREAM", nil)
      let sink = LogSink()
      #expect(sink.isJournal == false)
      sink.write(priority: 6, "accepted 1\r\nforged line", fields: [("MESSAGE_SIZE", "12")])
      sink.write(priority: 4, "grüße")
    }
    let text = String(decoding: try #require(result?.standardErrorContent), as: UTF8.self)
    #expect(text == "accepted 1  forged line\ngrüße\n")
  }

  @Test func `a pipe that nobody empties loses lines and stops nobody`() async {
    await #expect(processExitsWith: .success) {
      setVariable("JOURNAL_STREAM", nil)
      var ends: [CInt] = [0, 0]
      let isReady = unsafe pipe(&ends) == 0 && dup2(ends[1], 2) == 2
      precondition(isReady, "standard error is a pipe")
      // Whoever waits here is ended by the alarm, which is a failure.
      alarm(20)
      let sink = LogSink()
      for number in 0..<5_000 {
        sink.write(priority: 6, "line \(number) of a log that nobody reads, and long enough")
      }
      var bytes = [UInt8](repeating: 0, count: 1_048_576)
      let count = unsafe read(ends[0], &bytes, bytes.count)
      precondition(count > 4096 && bytes.starts(with: Array("line 0 of".utf8)), "the pipe was filled")
      sink.write(priority: 6, "there is room again")
      let more = unsafe read(ends[0], &bytes, bytes.count)
      precondition(more > 0 && String(decoding: bytes[..<more], as: UTF8.self) == "there is room again\n", "a line comes through again")
    }
  }

  @Test func `standard error that was redirected since is not the journal`() async {
    await #expect(processExitsWith: .success) {
      setVariable("JOURNAL_STREAM", "1:1")
      #expect(LogSink().isJournal == false)
      setVariable("JOURNAL_STREAM", "nonsense")
      #expect(LogSink().isJournal == false)
    }
  }

  @Test func `standard error that is the journal is recognised by device and inode`() async {
    await #expect(processExitsWith: .success) {
      setVariable("JOURNAL_STREAM", standardErrorAsStream())
      #expect(LogSink().isJournal)
    }
  }

  @Test(.enabled(if: geteuid() == 0, "a place for a journal of our own needs root")) func `a record for the journal carries its fields`()
    async
  {
    await #expect(processExitsWith: .success) {
      guard hideRun() else { return }
      _ = unsafe mkdir("/run/systemd", 0o755)
      _ = unsafe mkdir("/run/systemd/journal", 0o755)
      let journal = DatagramSocket(path: "/run/systemd/journal/socket")
      setVariable("JOURNAL_STREAM", standardErrorAsStream())
      LogSink().write(priority: 4, "the password is wrong", fields: [("UPSTREAM", "default"), ("REPLY", "535 5.7.8")])
      let record = journal.receive()
      #expect(record == "MESSAGE=the password is wrong\nPRIORITY=4\nSYSLOG_IDENTIFIER=posthoused\nUPSTREAM=default\nREPLY=535 5.7.8\n")
    }
  }

  @Test(arguments: ["lower", "_TRUSTED", "1ST", "", "A B"]) func `a field that the journal would refuse is a bug`(name: String) async {
    await #expect(processExitsWith: .failure) { [name = name as String] in
      setVariable("JOURNAL_STREAM", standardErrorAsStream())
      LogSink().write(priority: 6, "text", fields: [(name, "value")])
    }
  }
}
