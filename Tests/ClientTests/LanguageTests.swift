// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing

/// The mail libraries of the languages that apps are written in, unmodified, against the running daemon: what arrives is what was sent.
@Suite struct LanguageTests {
  @Test func `Python's smtplib`() throws {
    try Correspondence.use { post in
      try post.run("python3", Correspondence.program("smtplib_client.py"), "127.0.0.1", post.portText, post.textPath)
      // The library itself writes a bracket in front of a "From", for those who will keep the message in an mbox file.
      try post.expectText(try post.delivered(), text: Correspondence.text.replacing("\nFrom ", with: "\n>From "))
    }
  }

  @Test func `Python's smtplib with bytes of its own`() throws {
    try Correspondence.use { post in
      try post.run("python3", Correspondence.program("smtplib_raw.py"), "127.0.0.1", post.portText, post.wireMessagePath)
      try post.expectBytes(try post.delivered())
    }
  }

  @Test func `Django's backend`() throws {
    try Correspondence.use { post in
      try post.run("python3", Correspondence.program("django_client.py"), "127.0.0.1", post.portText, post.textPath)
      try post.expectText(try post.delivered())
    }
  }

  @Test func `PHP's mail()`() throws {
    try Correspondence.use { post in
      let setting = "sendmail_path=\(try post.sendmail()) -t -i"
      try post.run("php", "-n", "-d", setting, Correspondence.program("mail.php"), post.textPath, environment: post.sendmailEnvironment)
      let message = try post.delivered()
      // PHP adds a line end of its own.
      try post.expectText(message, text: Correspondence.text + "\n")
      try post.expectBytes(message, Correspondence.text.replacing("\n", with: "\r\n"), andBehind: "\r\n")
    }
  }

  @Test func `Perl's Net::SMTP`() throws {
    try Correspondence.use { post in
      try post.run("perl", Correspondence.program("net_smtp.pl"), "127.0.0.1", post.portText, post.messagePath)
      try post.expectBytes(try post.delivered())
    }
  }

  @Test func `Ruby's Net::SMTP`() throws {
    try Correspondence.use { post in
      try post.run("ruby", Correspondence.program("net_smtp.rb"), "127.0.0.1", post.portText, post.messagePath)
      try post.expectBytes(try post.delivered())
    }
  }

  @Test func `Go's net/smtp with a login`() throws {
    try Correspondence.use { post in
      let places = [
        "GOCACHE": post.rig.directory["go-cache"], "GOPATH": post.rig.directory["go"], "GOFLAGS": "-mod=mod", "GOPROXY": "off",
        "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOTMPDIR": post.rig.directory.path,
      ]
      try post.run(
        "go", "run", Correspondence.program("net_smtp.go"), "127.0.0.1", post.portText, post.messagePath, environment: places)
      try post.expectBytes(try post.delivered())
    }
  }

  @Test func `Java's mail library with a login`() throws {
    try Correspondence.use { post in
      let libraries = "/usr/share/java/javax.mail.jar:/usr/share/java/javax.activation.jar"
      try post.run(
        "java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-cp", libraries, Correspondence.program("JavaMail.java"),
        "127.0.0.1", post.portText, post.textPath)
      try post.expectText(try post.delivered())
    }
  }

  @Test func `Nodemailer with a login`() throws {
    try Correspondence.use { post in
      try post.run(
        "node", Correspondence.program("nodemailer.js"), "127.0.0.1", post.portText, post.textPath,
        environment: ["NODE_PATH": "/usr/share/nodejs"])
      try post.expectText(try post.delivered())
    }
  }
}
