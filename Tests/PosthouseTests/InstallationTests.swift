// SPDX-License-Identifier: Apache-2.0
import Foundation
import Harness
import Testing

/// What `make install` puts in place, and what the names mean by which other programs call.
@Suite struct InstallationTests {
  /// The directory of the whole project.
  private static let project = "/" + "\(#filePath)".split(separator: "/").dropLast(3).joined(separator: "/")

  /// Installs the programs of this build below a directory and answers where they are.
  private static func install(_ rig: Rig, into root: String) throws -> String {
    let built = try Environment.program("posthouse").split(separator: "/").dropLast().joined(separator: "/")
    try rig.output(of: "make", ["-s", "-C", project, "put", "BUILT=/\(built)", "DESTDIR=\(root)", "PREFIX=/usr"])
    return root + "/usr"
  }

  private static func target(of link: String) throws -> String { try FileManager.default.destinationOfSymbolicLink(atPath: link) }

  @Test func `make install puts everything in place, with the names that other programs call`() throws {
    try Rig.use { rig throws in
      let place = try InstallationTests.install(rig, into: rig.directory["root"])
      for (link, target) in [("sbin/sendmail", "../bin/posthouse"), ("bin/mailq", "posthouse"), ("bin/newaliases", "posthouse")] {
        #expect(try InstallationTests.target(of: "\(place)/\(link)") == target)
      }
      for file in [
        "lib/systemd/system/posthoused.service", "lib/systemd/system/posthoused.socket", "lib/sysusers.d/posthouse.conf",
        "share/man/man8/posthouse-sendmail.8", "../etc/posthouse/posthouse.conf",
      ] {
        #expect(Files.exists("\(place)/\(file)"), "\(file)")
      }
      #expect(try rig.output(of: "\(place)/bin/posthouse", ["version"]).hasPrefix("posthouse "))
      // The user of the service must be able to read it.
      #expect(try rig.output(of: "stat", ["-c", "%a", "\(place)/../etc/posthouse/posthouse.conf"]) == "644\n")
      // Once more, over itself: nothing is lost, nothing complains.
      try Files.write("[Relay]\nHostname=kept\n", to: "\(place)/../etc/posthouse/posthouse.conf")
      _ = try InstallationTests.install(rig, into: rig.directory["root"])
      #expect(try Files.text(at: "\(place)/../etc/posthouse/posthouse.conf").contains("kept"))
      #expect(try InstallationTests.target(of: "\(place)/sbin/sendmail") == "../bin/posthouse")
    }
  }

  @Test func `a sendmail, mailq or newaliases of somebody else stays`() throws {
    try Rig.use { rig throws in
      let root = rig.directory["root"]
      for directory in ["usr/sbin", "usr/bin"] {
        try FileManager.default.createDirectory(atPath: "\(root)/\(directory)", withIntermediateDirectories: true)
      }
      try Files.write("theirs", to: "\(root)/usr/sbin/sendmail")
      // An alternative whose program is gone belongs to somebody all the same.
      try FileManager.default.createSymbolicLink(atPath: "\(root)/usr/bin/mailq", withDestinationPath: "/etc/alternatives/nothing")
      let place = try InstallationTests.install(rig, into: root)
      #expect(try Files.text(at: "\(place)/sbin/sendmail") == "theirs")
      #expect(try InstallationTests.target(of: "\(place)/bin/mailq") == "/etc/alternatives/nothing")
      #expect(try InstallationTests.target(of: "\(place)/bin/newaliases") == "posthouse")
    }
  }

  @Test func `the installed names do what they are called for, with a daemon and without`() throws {
    try Rig.use { rig throws in
      let place = try InstallationTests.install(rig, into: rig.directory["root"])
      let daemon = try rig.daemon {
        $0["Upstream.Host"] = "127.0.0.1"
        $0["Upstream.Port"] = "1"
        $0["Upstream.TLS"] = "none"
      }
      let environment = ["POSTHOUSE_CONFIG": daemon.configurationPath, "POSTHOUSE_SUBMIT": "127.0.0.1:\(try daemon.port)"]
      let letter = try rig.write("To: c@d.example\nSubject: x\n\nhello\n", to: "letter")
      #expect(try rig.output(of: "\(place)/bin/mailq", environment: environment) == "the queue is empty\n")
      #expect(try rig.output(of: "\(place)/sbin/sendmail", ["-t", "-i"], environment: environment, input: letter).isEmpty)
      let listed = try Deadline.usual.first("a message in the list") {
        let listed = try rig.output(of: "\(place)/bin/mailq", environment: environment)
        return listed.contains("c@d.example") ? listed : nil
      }
      #expect(
        try rig.output(of: "\(place)/sbin/sendmail", ["-bp"], environment: environment).split(separator: "\n").count
          == listed.split(separator: "\n").count)
      #expect(try rig.output(of: "\(place)/bin/newaliases", environment: environment).isEmpty)
      #expect(try daemon.stop() == .exited(0))

      for name in ["bin/mailq", "sbin/sendmail"] {
        let arguments = name == "sbin/sendmail" ? ["-t", "-i"] : []
        let child = try rig.run("\(place)/\(name)", arguments, environment: environment, input: letter)
        #expect(child.end == .exited(75) && child.output.isEmpty)
        #expect(child.errors.split(separator: "\n").count == 1 && child.errors.contains("posthoused"), "\(child.errors)")
      }
      #expect(try rig.output(of: "\(place)/bin/newaliases", environment: environment).isEmpty)
    }
  }

  @Test func `without a daemon, sendmail has not written a byte anywhere`() throws {
    try Rig.use { rig throws in
      let trace = rig.directory["trace"]
      let letter = try rig.write("To: c@d.example\nSubject: x\n\nhello\n", to: "letter")
      let calls = "trace=creat,open,openat,openat2,mkdir,mkdirat,mknod,mknodat,link,linkat,symlink,symlinkat,rename,renameat,renameat2"
      let child = try rig.run(
        "strace", ["-f", "-qq", "-o", trace, "-e", calls, try Environment.program("posthouse"), "sendmail", "-t", "-i"],
        environment: ["POSTHOUSE_SUBMIT": "127.0.0.1:1", "POSTHOUSE_CONFIG": "/nowhere/posthouse.conf"], input: letter)
      #expect(child.end == .exited(75), "\(child.errors)")
      let lines = try Files.text(at: trace).split(separator: "\n").filter { !$0.contains("O_RDONLY") && !$0.contains(" +++ ") }
      #expect(lines.isEmpty, "\(lines)")
    }
  }
}
