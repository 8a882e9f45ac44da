// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing

/// Programs that send mail from the command line, unmodified, against the running daemon.
@Suite struct ProgramTests {
  @Test func `msmtp, as frameworks call it in place of sendmail`() throws {
    try Correspondence.use { post in
      let configuration = try post.rig.write(
        "account default\nhost 127.0.0.1\nport \(post.portText)\nfrom bounces@app.example\nauth off\ntls off\n", to: "msmtprc", mode: 0o600)
      try post.run("msmtp", "--file=\(configuration)", "-oi", "-f", "bounces@app.example", "-t", input: post.messagePath)
      try post.expectBytes(try post.delivered())
    }
  }

  @Test func `curl, which sends the file as it is`() throws {
    try Correspondence.use { post in
      try post.run(
        "curl", "-sS", "-q", "smtp://127.0.0.1:\(post.portText)/app.example", "--mail-from", "bounces@app.example", "--mail-rcpt",
        "one@dest.example", "--mail-rcpt", "two@dest.example", "--user", "app:a password", "-T", post.wireMessagePath)
      try post.expectBytes(try post.delivered())
    }
  }

  @Test func `s-nail over SMTP`() throws {
    try Correspondence.use { post in
      try post.run(
        "s-nail", "-:/", "-Sv15-compat", "-Sttycharset=UTF-8", "-Ssendwait", "-Smta=smtp://127.0.0.1:\(post.portText)",
        "-Ssmtp-auth=none", "-Shostname=app.example", "-Snosave", "-r", "bounces@app.example", "-s", Correspondence.subject,
        "one@dest.example", "two@dest.example", input: post.textPath)
      try post.expectText(try post.delivered())
    }
  }

  @Test func `s-nail through sendmail`() throws {
    try Correspondence.use { post in
      try post.run(
        "s-nail", "-:/", "-Sv15-compat", "-Sttycharset=UTF-8", "-Ssendwait", "-Smta=\(try post.sendmail())", "-r", "bounces@app.example",
        "-s", Correspondence.subject, "one@dest.example", "two@dest.example", environment: post.sendmailEnvironment, input: post.textPath)
      try post.expectText(try post.delivered())
    }
  }

  @Test func `mutt over SMTP`() throws {
    try Correspondence.use { post in
      try mutt(post, "set smtp_url=\"smtp://127.0.0.1:\(post.portText)\"")
    }
  }

  @Test func `mutt through sendmail`() throws {
    try Correspondence.use { post in
      try mutt(post, "set sendmail=\"\(try post.sendmail()) -oem -oi\"")
    }
  }

  private func mutt(_ post: Correspondence, _ way: String) throws {
    let settings = [
      way, "set from=\"bounces@app.example\"", "set use_envelope_from=yes", "set copy=no", "set charset=utf-8", "set send_charset=utf-8",
      "set hostname=app.example", "set ssl_starttls=no", "set ssl_force_tls=no", "set allow_8bit=yes", "set text_flowed=no",
    ]
    let configuration = try post.rig.write(settings.joined(separator: "\n") + "\n", to: "muttrc")
    try post.run(
      "mutt", "-n", "-F", configuration, "-s", Correspondence.subject, "-b", "two@dest.example", "--", "one@dest.example",
      environment: post.sendmailEnvironment, input: post.textPath)
    try post.expectText(try post.delivered())
  }

  @Test func `git send-email over SMTP`() throws {
    try Correspondence.use { post in
      try git(post, ["--smtp-server=127.0.0.1", "--smtp-server-port=\(post.portText)", "--smtp-domain=app.example"])
    }
  }

  @Test func `git send-email through sendmail`() throws {
    try Correspondence.use { post in try git(post, ["--sendmail-cmd=\(try post.sendmail()) -i"]) }
  }

  /// A patch whose lines must arrive as they are, or it does not apply.
  private func git(_ post: Correspondence, _ way: [String]) throws {
    let home = post.rig.directory["repository"]
    let author = ["GIT_AUTHOR_NAME": "J\u{fc}rgen", "GIT_AUTHOR_EMAIL": "bounces@app.example"]
    let committer = ["GIT_COMMITTER_NAME": "J\u{fc}rgen", "GIT_COMMITTER_EMAIL": "bounces@app.example", "GIT_CONFIG_NOSYSTEM": "1"]
    let environment = post.sendmailEnvironment.merging(author) { $1 }.merging(committer) { $1 }
    try post.run("git", "init", "-q", home, environment: environment)
    try Files.write(Correspondence.text + "no line end", to: home + "/letter")
    try post.run("git", "-C", home, "add", "letter", environment: environment)
    try post.run("git", "-C", home, "commit", "-q", "-m", Correspondence.subject, environment: environment)
    let path = try post.run("git", "-C", home, "format-patch", "-1", environment: environment).dropLast()
    let words =
      ["-C", home, "send-email", "--confirm=never", "--quiet", "--no-chain-reply-to", "--suppress-cc=all", "--from=bounces@app.example"]
      + ["--envelope-sender=bounces@app.example", "--to=one@dest.example", "--bcc=two@dest.example", "--transfer-encoding=8bit"] + way
      + [String(path)]
    try post.rig.output(of: "git", words, environment: environment)
    let message = try post.delivered()
    let patch = try Files.text(at: "\(home)/\(path)")
    let start = try #require(patch.firstRange(of: "\n\n")).upperBound
    #expect(message.text.hasSuffix(patch[start...]))
    let mailbox = post.rig.directory.freshName("delivered")
    try Files.write(message.text, to: mailbox)
    try post.run("git", "init", "-q", home + "-2", environment: environment)
    try post.run("git", "-C", home + "-2", "am", "-q", mailbox, environment: environment)
    #expect(try Files.text(at: home + "-2/letter") == Correspondence.text + "no line end")
  }
}
