// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing

@Suite struct DurabilityJudgeTests {
  private static let write = #"7 1.0 pwritev(5</s/journal/1.seg>, [{iov_base="the-mark", iov_len=8}], 1, 0) = 8"#
  private static let sync = "7 1.1 fdatasync(5</s/journal/1.seg>) = 0"
  private static let reply = #"6 1.2 sendto(9<TCP:[127.0.0.1:25->127.0.0.1:4711]>, "250 2.0.0 queued as abc\r\n", 25, 0, NULL, 0) = 25"#

  private func verdict(_ lines: [String]) -> [String] {
    let judge = DurabilityJudge(SystemCalls(text: lines.joined(separator: "\n")), spool: "/s")
    return judge.brokenPromises(among: [DurabilityJudge.Promise(id: "abc", mark: "the-mark")])
  }

  @Test func `write, sync, reply is good`() {
    #expect(verdict([DurabilityJudgeTests.write, DurabilityJudgeTests.sync, DurabilityJudgeTests.reply]) == [])
  }

  @Test(arguments: [
    [write, reply, sync],
    [sync, write, reply],
    [write, reply],
    [write, "7 1.1 fdatasync(5</s/journal/1.seg>) = -1 EIO (Input/output error)", reply],
    [write, "7 1.1 fdatasync(5</s/journal/2.seg>) = 0", reply],
    [
      "7 1.0 fdatasync(5</s/journal/1.seg> <unfinished ...>", write.replacing("7 ", with: "8 ", maxReplacements: 1),
      "7 1.1 <... fdatasync resumed>) = 0", reply,
    ],
    [write, "7 1.0 fdatasync(5</s/journal/1.seg> <unfinished ...>", reply, "7 1.1 <... fdatasync resumed>) = 0"],
    [sync, reply],
    [write, sync],
  ])
  func `a reply that no sync covers is found`(_ lines: [String]) {
    #expect(verdict(lines).count == 1)
  }

  @Test func `a call that another thread interrupts in the log is put together again`() {
    let lines = [
      DurabilityJudgeTests.write, "7 1.0 fdatasync(5</s/journal/1.seg> <unfinished ...>", "6 1.0 fsync(3</x>) = 0",
      "7 1.1 <... fdatasync resumed>) = 0", DurabilityJudgeTests.reply,
    ]
    #expect(verdict(lines) == [])
  }

  @Test func `strace writes what is read here`() throws {
    try Rig.use { rig in
      let log = rig.directory["log"]
      let spool = try rig.directory.makeDirectory("spool")
      let program = """
        import os, socket, sys
        def take(sync):
            f = os.open(sys.argv[1] + "/1.seg", os.O_WRONLY | os.O_CREAT)
            os.pwritev(f, [b"head", b"the-mark"], 0)
            if sync: os.fdatasync(f)
            a, b = socket.socketpair()
            a.send(b"250 2.0.0 queued as abc\\r\\n")
        take(sys.argv[2] == "sync")
        """
      for (word, count) in [("sync", 0), ("none", 1)] {
        let strace = SystemCalls.strace(DurabilityJudge.calls, to: log)
        try rig.output(of: strace[0], strace.dropFirst() + ["python3", "-c", program, spool, word])
        let judge = DurabilityJudge(try SystemCalls(path: log), spool: spool)
        #expect(judge.brokenPromises(among: [DurabilityJudge.Promise(id: "abc", mark: "the-mark")]).count == count)
      }
    }
  }
}
