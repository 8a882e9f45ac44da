// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing

/// cron, which mails what its jobs print.
@Suite struct CronTests {
  /// Debian's cron in a mount namespace of its own, in which nothing is as on this machine: its crontabs are empty but for one job that
  /// runs at the start, and `/usr/sbin/sendmail` is ours.
  @Test(.enabled(if: CronTests.canIsolate, "this needs a mount namespace"))
  func `cron itself mails what a job printed`() throws {
    try Correspondence.use { post in
      let variables = post.sendmailEnvironment.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      let wrapper = try post.rig.write(
        "#!/bin/sh\nexec env POSTHOUSE_RELAY_HOSTNAME=app.test \(variables) '\(try post.sendmail())' \"$@\"\n", to: "wrapper", mode: 0o755)
      let job = "SHELL=/bin/sh\nMAILTO=one@dest.example,two@dest.example\nCONTENT_TYPE=text/plain; charset=UTF-8\n"
      let crontab = try post.rig.write(job + "@reboot root cat '\(post.textPath)'\n", to: "crontab", mode: 0o644)
      let script = """
        set -e
        mount --make-rprivate /
        mount -t tmpfs tmpfs /run
        mount -t tmpfs tmpfs /var/spool/cron
        mkdir /var/spool/cron/crontabs
        mount -t tmpfs tmpfs /etc/cron.d
        cp '\(crontab)' /etc/cron.d/job
        [ ! -e /etc/crontab ] || mount --bind /dev/null /etc/crontab
        mount --bind '\(wrapper)' /usr/sbin/sendmail
        exec cron -f
        """
      let cron = try post.rig.start(
        "unshare", ["--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", script], name: "cron")
      let message = try Deadline.usual.first("a message from cron") {
        guard cron.isRunning else { throw HarnessFailure("cron ended") }
        return try post.daemon.captured.messages().first
      }
      cron.destroy()
      #expect(message.values(of: "Delivered-To") == Correspondence.recipients)
      #expect(message.values(of: "Return-Path").last == "<root@app.test>")
      #expect(message.value(of: "From")?.contains("root (Cron Daemon)") == true, "\(message.text)")
      try post.expectText(message, subject: try #require(message.value(of: "Subject")))
      #expect(message.value(of: "Subject")?.hasPrefix("Cron <root@") == true)
    }
  }

  /// What do_command.c of Debian's cron writes, and how it calls sendmail.
  @Test func `the call and the header section that cron makes`() throws {
    try Correspondence.use { post in
      let header = [
        "From: root (Cron Daemon)", "To: one@dest.example,two@dest.example", "Subject: Cron <root@app> cat text", "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit", "X-Cron-Env: <SHELL=/bin/sh>",
        "X-Cron-Env: <HOME=/root>", "X-Cron-Env: <PATH=/usr/bin:/bin>", "X-Cron-Env: <LOGNAME=root>",
      ]
      let input = try post.rig.write(header.joined(separator: "\n") + "\n\n" + Correspondence.text, to: "cron")
      try post.run(
        try post.sendmail(), "-i", "-FCronDaemon", "-B8BITMIME", "-oem", "one@dest.example,two@dest.example",
        environment: post.sendmailEnvironment.merging(["POSTHOUSE_RELAY_HOSTNAME": "app.test"]) { $1 }, input: input)
      let message = try post.delivered(from: "root@app.test")
      try post.expectText(message, subject: "Cron <root@app> cat text")
      #expect(message.values(of: "X-Cron-Env").count == 4)
      try post.expectBytes(message, (header.joined(separator: "\n") + "\n\n" + Correspondence.text).replacing("\n", with: "\r\n"))
    }
  }

  private static var canIsolate: Bool {
    var isGood = false
    try? Rig.use { rig in
      isGood = try rig.run("unshare", ["--mount", "--pid", "--fork", "--mount-proc", "true"]).end == .exited(0)
    }
    return isGood
  }
}
