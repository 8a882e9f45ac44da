// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing
internal import Varlink

/// File systems that are full, out of inodes or read-only, for real: new mail is refused and the status says why, what is there goes out,
/// and when there is room again mail is taken again without anybody's doing.
@Suite(.enabled(if: MountNamespace.isAllowed, Comment(rawValue: MountNamespace.need))) struct SpaceTests {
  @Test(arguments: [("1M", "6M", 200_000), (CrashGround.segmentSize, "36M", CrashGround.mediumLength)])
  func `a full disk refuses new mail while delivery goes on, and room that is made is used`(
    _ segment: String, _ size: String, _ length: Int
  ) throws {
    try withDaemon("mount -t tmpfs -o size=\(size),mode=700 none disk", segment) { daemon, upstream, mounts in
      upstream.stop()
      let client = try daemon.client()
      var taken = 0
      while try client.offer("mark-\(taken)", length) { taken += 1 }
      #expect(taken > 5 && taken < 30)
      let status = try daemon.status("the full disk is a problem") { $0.spool.problem != nil }
      #expect(status.spool.problem?.contains("free space") == true, "\(status.spool)")
      #expect(try daemon.command("status").end == .exited(1))
      #expect(daemon.log.contains("spool-problem"))
      try upstream.start()
      try daemon.control.flush()
      _ = try upstream.taken(atLeast: taken)
      try Deadline.usual.wait(everyMicroseconds: 100_000, until: "mail is taken again") { try client.offer("again", 100) }
      _ = try daemon.status("nothing is wrong") { $0.spool.problem == nil }
      #expect(daemon.log.contains("spool-problem-over"))
      // What the backlog took is given back.
      try Deadline.usual.wait(until: "the journal was short again") { try mounts.run("ls disk/spool/journal | wc -l") <= "4\n" }
    }
  }

  @Test func `a file system that grows is used at once`() throws {
    try withDaemon("mount -t tmpfs -o size=5M,mode=700 none disk") { daemon, upstream, mounts in
      upstream.stop()
      let client = try daemon.client()
      while try client.offer("fill", 200_000) {}
      try mounts.run("mount -o remount,size=50M disk")
      try Deadline.usual.wait(everyMicroseconds: 100_000, until: "mail is taken again") { try client.offer("again", 200_000) }
      for _ in 0..<20 { #expect(try client.offer("more", 200_000)) }
    }
  }

  @Test func `a file system without inodes refuses new mail with words, and files that are removed help`() throws {
    try withDaemon("mount -t tmpfs -o size=50M,nr_inodes=1000,mode=700 none disk") { daemon, _, mounts in
      let client = try daemon.client()
      #expect(try client.offer("first", 100))
      try mounts.run("mkdir disk/others; cd disk/others; seq 900 | xargs touch")
      try Deadline.usual.wait(everyMicroseconds: 100_000, until: "mail is refused") { try !client.offer("refused", 100) }
      let problem = try daemon.control.status().spool.problem
      #expect(problem?.contains("files can still be made") == true && problem?.contains("remove files") == true, "\(problem ?? "nothing")")
      try mounts.run("rm -r disk/others")
      try Deadline.usual.wait(everyMicroseconds: 100_000, until: "mail is taken again") { try client.offer("again", 100) }
    }
  }

  @Test func `a file system that turns read-only refuses new mail, and mail is taken when it was mended`() throws {
    let make = "truncate -s 64M image; mkfs.ext4 -q image; mount -o loop,errors=remount-ro image disk"
    try withDaemon(make) { daemon, upstream, mounts in
      let client = try daemon.client()
      #expect(try client.offer("first", 100))
      _ = try upstream.taken(atLeast: 1)
      // What the kernel does when it finds the file system inconsistent.
      try mounts.run("echo broken >/sys/fs/ext4/$(basename $(findmnt -n -o SOURCE disk))/trigger_fs_error")
      try Deadline.usual.wait(everyMicroseconds: 100_000, until: "mail is refused") { try !client.offer("refused", 300_000) }
      let status = try daemon.status("the disk is a problem") { $0.spool.problem != nil }
      #expect(status.spool.problem?.contains("mount the file system writable again") == true, "\(status.spool)")
      try daemon.kill9()
      // Such a file system can be written again only after a check.
      try mounts.run("umount disk; e2fsck -fp image >/dev/null || [ $? -lt 4 ]; mount -o loop image disk")
      try daemon.start()
      #expect(try daemon.client().offer("again", 300_000))
      // The first may come again: when it was delivered, that could not be written down any more.
      try Deadline.usual.wait(until: "both had arrived") {
        Set(upstream.taken.compactMap { $0.message.value(of: "Subject") }) == ["first", "again"]
      }
    }
  }

  @Test func `quota and number of messages refuse by name, and a reload raises them`() throws {
    try Rig.use { rig in
      let port = try LoopbackListener.freePort()
      let daemon = try rig.daemon { settings in
        settings.useUpstream(port: port)
        settings["Spool.Quota"] = "100K"
        settings["Spool.Messages"] = "3"
      }
      let client = try daemon.client()
      #expect(try client.offer("small", 100))
      #expect(try !client.offer("larger than the quota", 200_000))
      #expect(try client.offer("small", 100) && client.offer("small", 100) && !client.offer("one too many", 100))
      #expect(try daemon.control.status().spool.problem?.contains("Spool.Messages") == true)
      try daemon.change { settings in
        settings["Spool.Quota"] = "1M"
        settings["Spool.Messages"] = "4"
      }
      try daemon.reload()
      #expect(try client.offer("larger than the old quota", 200_000) && !client.offer("one too many", 100))
      try daemon.change { $0["Spool.Messages"] = nil }
      try daemon.reload()
      #expect(try client.offer("small", 100) && daemon.control.status().spool.problem == nil)
      try daemon.change { $0["Spool.Reserve"] = "1000000M" }
      try daemon.reload()
      #expect(try !client.offer("small", 100) && daemon.control.status().spool.problem?.contains("Spool.Reserve") == true)
    }
  }

  /// A daemon whose spool is on a file system that a script mounts as `disk`.
  private func withDaemon(
    _ mount: String, _ segment: String = "1M", _ test: (Daemon, ScriptedUpstream, MountNamespace) throws -> Void
  ) throws {
    try Rig.use { rig in
      let mounts = try MountNamespace(rig)
      try mounts.run("mkdir disk; \(mount)")
      let upstream = try ScriptedUpstream(rig)
      var options = Daemon.Options()
      options.wrapper = mounts.wrapper
      options.wrapping = .replaced
      let daemon = try rig.daemon(options) { settings in
        settings.useUpstream(port: upstream.port)
        settings["Spool.Directory"] = mounts.work + "/disk/spool"
        settings["Spool.SegmentSize"] = segment
      }
      try test(daemon, upstream, mounts)
    }
  }
}

extension MailClient {
  /// Offers a message; whether it was taken, where the only other answer may be that there is no room now.
  fileprivate func offer(_ mark: String, _ length: Int) throws -> Bool {
    let reply = try attempt(mark, length)
    guard reply.code == 250 || reply.code == 452 || reply.code == 451 else { throw HarnessFailure("\(mark) was answered \(reply)") }
    return reply.code == 250
  }
}
