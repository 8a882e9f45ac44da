// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem

/// A root directory with one of Debian's mail servers in it, for servers whose packages would drive out the machine's own.
///
/// `.ci/servers` unpacks the packages with all their libraries once; every test gets a copy made of hard links, so that fixed paths like
/// `/var/spool/smtpd` are its own. A failed download fails the test with its reason.
struct ServerRoot: Sendable {
  /// Where the server's `/` is.
  let path: String

  /// Who exists in there besides root and nobody, by name and number.
  static let users: [(name: String, number: uid_t)] = [
    ("Debian-exim", 101), ("opensmtpd", 102), ("opensmtpq", 103), ("smmta", 104), ("mail", 8), ("keeper", 65_533),
  ]
  /// Who owns the inbox.
  static let keeper: uid_t = 65_533

  /// Unpacks the server `name` where that has not been done, and makes a root for this test.
  init(_ name: String, _ rig: Rig) throws {
    guard geteuid() == 0 else { throw HarnessFailure("\(name) needs root; run the tests with make test, which sees to that") }
    let unpacked = try ServerRoot.unpacked(name, rig)
    let runs = ServerRoot.cache + "/run"
    _ = unsafe mkdir(runs, 0o755)
    var template = Array("\(runs)/\(name).XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!).map { unsafe String(cString: $0) } }
    guard let made else { throw SystemFailure.last("make a directory in", runs) }
    path = made
    rig.atEnd { ServerRoot.remove(made) }
    guard unsafe chmod(path, 0o755) == 0 else { throw SystemFailure.last("chmod", path) }
    try rig.output(of: "cp", ["-al", unpacked + "/.", path])
    try furnish()
  }

  /// Where the packages of a server are unpacked; done now where it was not.
  static func unpacked(_ name: String, _ rig: Rig) throws -> String {
    let script = try rig.run(root + "/.ci/servers", [name, cache], .in(.seconds(300)))
    guard script.end == .exited(0) else { throw HarnessFailure("the server \(name) is not here: \(script.errors)") }
    return "\(cache)/\(name)"
  }

  /// Starts a program of the server; it ends before the root goes.
  func start(_ program: String, _ arguments: [String], _ rig: Rig) throws -> ChildProcess {
    let process = try rig.start("chroot", [path, program] + arguments, name: String(program.split(separator: "/").last ?? "server"))
    rig.atEnd { process.destroy() }
    return process
  }

  /// Runs a program of the server to its end and answers what it printed.
  func output(of program: String, _ arguments: [String], input: String = "/dev/null", _ rig: Rig) throws -> String {
    try rig.output(of: "chroot", [path, program] + arguments, input: input)
  }

  /// Makes a directory in it.
  func makeDirectory(_ name: String, mode: mode_t = 0o755, owner: uid_t = 0, group: gid_t = 0) throws {
    let whole = path + name
    guard unsafe mkdir(whole, mode) == 0 || errno == EEXIST else { throw SystemFailure.last("make the directory", whole) }
    guard unsafe chmod(whole, mode) == 0, unsafe chown(whole, owner, group) == 0 else { throw SystemFailure.last("give away", whole) }
  }

  /// Writes a file into it, in the place of one that other roots may share.
  func write(_ text: String, to name: String, mode: mode_t = 0o644) throws {
    _ = unsafe unlink(path + name)
    try Files.write(text, to: path + name, mode: mode)
  }

  /// Puts a copy of a file into it.
  func copy(_ file: String, to name: String, mode: mode_t = 0o644) throws { try write(try Files.text(at: file), to: name, mode: mode) }

  private func furnish() throws {
    for directory in ["/dev", "/run", "/var", "/var/run", "/etc/ssl", "/etc/ssl/certs", "/t"] { try makeDirectory(directory) }
    try makeDirectory("/tmp", mode: 0o1777)
    try makeDirectory("/t/inbox", owner: ServerRoot.keeper, group: ServerRoot.keeper)
    for folder in ["new", "cur", "tmp"] { try makeDirectory("/t/inbox/" + folder, owner: ServerRoot.keeper, group: ServerRoot.keeper) }
    for (name, number) in [("null", UInt32(3)), ("urandom", 9)] {
      // Character device 1:3 or 1:9.
      guard unsafe mknod("\(path)/dev/\(name)", S_IFCHR | 0o666, dev_t(1 << 8 | number)) == 0,
        unsafe chmod("\(path)/dev/\(name)", 0o666) == 0
      else { throw SystemFailure.last("make the device", "\(path)/dev/\(name)") }
    }
    let passwd = ServerRoot.users.map { "\($0.name):x:\($0.number):\($0.number)::/t:/bin/sh\n" }.joined()
    let groups = ServerRoot.users.map { "\($0.name):x:\($0.number):\n" }.joined()
    try write("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/t:/bin/sh\n" + passwd, to: "/etc/passwd")
    try write("root:x:0:\nnogroup:x:65534:\n" + groups, to: "/etc/group")
    try write("127.0.0.1 localhost upstream.test\n", to: "/etc/hosts")
    try write("hosts: files\n", to: "/etc/nsswitch.conf")
  }

  private static func remove(_ path: String) {
    do {
      let pid = try Spawn(program: "/bin/rm", arguments: ["-rf", "--", path], environment: [:], descriptors: [:]).start()
      var status: Int32 = 0
      while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    } catch {
      print("\(path) is left behind: \(error)")
    }
  }

  /// The top of the source tree.
  private static let root = String(#filePath.dropLast("/Tests/Harness/ServerRoot.swift".count))
  private static let cache = root + "/.build/servers"
}
