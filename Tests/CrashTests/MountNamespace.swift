// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Harness

/// A mount namespace that a sleeping program holds open: what is mounted in it goes with that program, in whichever way the test ends.
struct MountNamespace {
  /// A directory for what belongs to it, seen from inside and outside.
  let work: String
  private let rig: Rig
  private let holder: ChildProcess

  /// Why a test that mounts is not run, when it is not.
  static let need = "only root can mount disks; run the tests as root"
  /// Whether we may try; whatever else is missing then is a failure, not a reason to pass.
  static var isAllowed: Bool { geteuid() == 0 }

  /// Opens one.
  init(_ rig: Rig) throws {
    self.rig = rig
    work = try rig.directory.makeDirectory(String(rig.directory.freshName("mounts").dropFirst(rig.directory.path.utf8.count + 1)))
    let holder = try rig.start("unshare", ["--mount", "--propagation", "private", "--", "sleep", "infinity"], name: "mounts")
    self.holder = holder
    try Deadline.usual.wait(until: "there was a mount namespace") {
      try MountNamespace.name("\(holder.pid)") != MountNamespace.name("self") && Files.text(at: "/proc/\(holder.pid)/comm") == "sleep\n"
    }
  }

  /// What stands before a program that is to see what is mounted.
  var wrapper: [String] { ["nsenter", "--mount=/proc/\(holder.pid)/ns/mnt", "--"] }

  /// Runs a shell script inside, in the directory; it must succeed.
  @discardableResult func run(_ script: String) throws -> String {
    let command = wrapper + ["sh", "-e", "-c", "cd \(work); \(script)"]
    return try rig.output(of: command[0], Array(command.dropFirst()))
  }

  private static func name(_ process: String) throws -> String {
    var bytes = [CChar](repeating: 0, count: 64)
    let count = unsafe bytes.withUnsafeMutableBufferPointer { unsafe readlink("/proc/\(process)/ns/mnt", $0.baseAddress!, $0.count) }
    guard count > 0 else { throw HarnessFailure("cannot look at the mount namespace of \(process)") }
    return String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
