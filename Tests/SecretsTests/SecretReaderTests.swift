// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSystem
import Octets
import Secrets
import Settings
import Testing
import Timekeeping

@Suite struct SecretReaderTests {
  let directory: TemporaryDirectory
  let reader = SecretReader(environment: [
    "PATH": "/usr/bin:/bin", "POSTHOUSE_UPSTREAM_PASSWORD": "leak", "NOTIFY_SOCKET": "/x", "KEPT": "kept",
  ])

  init() throws { directory = try TemporaryDirectory() }

  @Test(arguments: [
    ("hunter2", "hunter2"), ("hunter2\n", "hunter2"), ("hunter2\r\n", "hunter2"), ("hunter2\n\n", "hunter2\n"),
    (" hunter2 \n", " hunter2 "), ("pä ss\n", "pä ss"),
  ])
  func `one newline at the end of a file does not belong to the password`(content: String, password: String) throws {
    let path = try directory.file("password", content)
    #expect(try reader.read(.file(path: path)) == Secret(password))
  }

  @Test func `a password in the configuration is taken as it is`() throws {
    #expect(try reader.read(.written(Secret("x\n"))) == Secret("x\n"))
  }

  @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o620, 0o602, 0o601, 0o777] as [mode_t])
  func `a file that others have access to is refused with the command to run`(mode: mode_t) throws {
    let path = try directory.file("password", "hunter2", mode: mode)
    let failure = #expect(throws: SecretFailure.self) { try reader.read(.file(path: path)) }
    #expect(failure == .tooOpen(path: path, mode: UInt16(mode)))
    #expect(failure?.description.hasSuffix("run: chmod 600 \(path)") == true)
  }

  @Test(arguments: [0o600, 0o400] as [mode_t]) func `a file of its owner alone is read`(mode: mode_t) throws {
    let path = try directory.file("password", "hunter2", mode: mode)
    #expect(try reader.read(.file(path: path)) == Secret("hunter2"))
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give a file away")) func `a file of somebody else is refused`() throws {
    let path = try directory.file("password", "hunter2")
    let given = unsafe chown(path, 12_345, 12_345)
    try #require(given == 0)
    #expect(throws: SecretFailure.foreignOwner(path: path, owner: 12_345)) { try reader.read(.file(path: path)) }
  }

  @Test func `a link is followed, and the file behind it is what counts`() throws {
    let good = try directory.file("good", "hunter2")
    let open = try directory.file("open", "hunter2", mode: 0o644)
    for (target, name) in [(good, "a"), (open, "b"), ("\(directory.path)/nothing", "c")] {
      let made = unsafe symlink(target, "\(directory.path)/\(name)")
      try #require(made == 0)
    }
    #expect(try reader.read(.file(path: "\(directory.path)/a")) == Secret("hunter2"))
    #expect(throws: SecretFailure.tooOpen(path: "\(directory.path)/b", mode: 0o644)) { try reader.read(.file(path: "\(directory.path)/b")) }
    #expect(throws: SecretFailure.absent(path: "\(directory.path)/c")) { try reader.read(.file(path: "\(directory.path)/c")) }
  }

  @Test func `what is no file is refused and holds nobody up`() throws {
    let pipe = "\(directory.path)/pipe"
    let made = unsafe mkfifo(pipe, 0o600)
    try #require(made == 0)
    for path in [directory.path, pipe, "/dev/null"] {
      #expect(throws: SecretFailure.notAFile(path: path)) { try reader.read(.file(path: path)) }
    }
    let below = try directory.file("plain", "x") + "/below"
    #expect(throws: SecretFailure.unreadable(SystemFailure(call: "open", subject: below, number: ENOTDIR))) {
      try reader.read(.file(path: below))
    }
  }

  @Test func `what no password can be is refused`() throws {
    let empty = try directory.file("empty", "\n")
    let binary = try directory.file("binary", [0x61, 0, 0x62])
    let large = try directory.file("large", [UInt8](repeating: 0x61, count: 65_537))
    #expect(throws: SecretFailure.empty("\"\(empty)\"")) { try reader.read(.file(path: empty)) }
    #expect(throws: SecretFailure.unusable("\"\(binary)\"")) { try reader.read(.file(path: binary)) }
    #expect(throws: SecretFailure.tooLarge("\"\(large)\"")) { try reader.read(.file(path: large)) }
  }

  @Test func `a credential is read from where systemd put it, whatever its mode`() throws {
    try directory.file("upstream-password", "hunter2\n", mode: 0o440)
    let reader = SecretReader(environment: ["CREDENTIALS_DIRECTORY": directory.path])
    #expect(try reader.read(.credential(name: "upstream-password")) == Secret("hunter2"))
    let missing = #expect(throws: SecretFailure.self) { try reader.read(.credential(name: "other")) }
    #expect(missing?.description.contains("LoadCredential=other:") == true)
    let none = #expect(throws: SecretFailure.self) { try self.reader.read(.credential(name: "other")) }
    #expect(none == .noCredentials(wanted: "other"))
  }

  @Test func `a command's output is the password`() throws {
    #expect(try reader.read(.command(words: ["/bin/sh", "-c", "echo \"$1\"", "sh", "two  words # $HOME"])) == Secret("two  words # $HOME"))
    #expect(try reader.read(.command(words: ["/bin/sh", "-c", "printf %s $KEPT"])) == Secret("kept"))
  }

  @Test func `a command sees nothing of ours and reads nothing`() throws {
    let script = "printf '%s|%s|' \"$POSTHOUSE_UPSTREAM_PASSWORD\" \"$NOTIFY_SOCKET\"; cat"
    #expect(try reader.read(.command(words: ["/bin/sh", "-c", script])) == Secret("||"))
  }

  @Test func `a command that fails is named with its status, and what it said is not`() {
    let words = ["/bin/sh", "-c", "echo hunter2; echo hunter2 >&2; exit 3"]
    let failure = #expect(throws: SecretFailure.self) { try reader.read(.command(words: words)) }
    #expect(failure == .commandFailed(program: "/bin/sh", status: 3))
    #expect(failure?.description.contains("hunter2") == false)
    #expect(throws: SecretFailure.commandKilled(program: "/bin/sh", signal: SIGTERM)) {
      try reader.read(.command(words: ["/bin/sh", "-c", "kill -TERM $$"]))
    }
    #expect(throws: SecretFailure.empty("what \"/bin/true\" prints")) { try reader.read(.command(words: ["/bin/true"])) }
    #expect(throws: SecretFailure.tooLarge("what \"/bin/sh\" prints")) {
      try reader.read(.command(words: ["/bin/sh", "-c", "yes hunter2"]))
    }
  }

  @Test func `a command that is not there is named`() {
    let path = "\(directory.path)/nothing"
    let failure = #expect(throws: SecretFailure.self) { try reader.read(.command(words: [path])) }
    #expect(failure == .commandNotStarted(SystemFailure(call: "start", subject: path, number: ENOENT)))
  }

  @Test(arguments: [
    "sleep 600", "exec >&-; sleep 600", "echo hunter2; sleep 600 & echo $! >>\"$0\"; sleep 600", "trap '' TERM INT; sleep 600",
  ])
  func `a command that takes too long is killed with all its children`(script: String) throws {
    let reader = SecretReader(environment: ["PATH": "/usr/bin:/bin"], commandLimit: .milliseconds(100))
    let mark = "\(directory.path)/group"
    let words = ["/bin/sh", "-c", "echo $$ >\"$0\"; \(script)", mark]
    let failure = #expect(throws: SecretFailure.self) { try reader.read(.command(words: words)) }
    #expect(failure == .commandTooSlow(program: "/bin/sh", limit: .milliseconds(100)))
    for process in try numbers(in: mark) { #expect(isGone(process), "process \(process) is still there") }
  }

  private func numbers(in path: String) throws -> [String] {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    try #require(file >= 0)
    defer { close(file) }
    var content = [UInt8](repeating: 0, count: 64)
    let count = unsafe read(file, &content, content.count)
    return content[..<max(count, 0)].split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Whether a process has no program any more; one that was just killed gets a moment to die.
  private func isGone(_ process: String) -> Bool {
    for _ in 0..<5000 {
      let file = unsafe open("/proc/\(process)/exe", O_RDONLY | O_CLOEXEC)
      if file < 0 { return true }
      close(file)
      poll(nil, 0, 1)
    }
    return false
  }
}
