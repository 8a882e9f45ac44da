// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing
internal import Varlink

/// Apps share a narrow upstream: who sends little does not wait for who sends much.
@Suite struct FairSharesTests {
  @Test func `ten messages of one user pass ten thousand of another at ten a second`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig)
      let daemon = try rig.daemon {
        $0.useUpstream(port: upstream.port)
        $0["Upstream.MaxPerSecond"] = "10"
        $0["Listen.MaxTransactions"] = "100000"
        $0["Listen.MaxConnectionsPerClient"] = "100"
      }
      let port = try daemon.port
      let noisy = try rig.run(
        try Environment.program("bench-peer"),
        ["load", "127.0.0.1:\(port)", "--sessions", "20", "--messages", "10000", "--mode", "pipelined"], .in(.seconds(120)))
      #expect(noisy.end == .exited(0), "\(noisy.errors)")
      let script = """
        import smtplib
        client = smtplib.SMTP("127.0.0.1", \(port))
        for number in range(10):
            client.sendmail("quiet@app.test", [f"quiet{number}@dest.test"], "Subject: quiet\\r\\n\\r\\nhello\\r\\n")
        client.quit()
        """
      // The kernel tells whose connection it is; 65534 is nobody.
      let quiet = try rig.run("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "python3", "-c", script])
      #expect(quiet.end == .exited(0), "\(quiet.errors)")
      try Deadline.in(.seconds(15)).wait(until: "the quiet user's mail was out") {
        upstream.taken.count { $0.sender == "quiet@app.test" } == 10
      }
      #expect(try daemon.control.status().spool.messages > 9_000)
    }
  }
}
