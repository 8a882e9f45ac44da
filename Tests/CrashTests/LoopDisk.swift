// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Harness

/// A disk of our own whose power can be cut: a file on XFS that bears a file system, so that a reflink copy shows the disk as it is at one
/// moment. What the file system had not sent to the disk by then is lost in the copy, as it is when the power goes.
///
/// Everything is mounted in a mount namespace that a shell holds open; with the shell it all goes, in whichever way the test ends. Not
/// modelled: a disk with a volatile cache that forgets or reorders what it has taken.
struct LoopDisk {
  /// Where the file system is mounted.
  let path: String
  private let rig: Rig
  private let holder: ChildProcess
  private let work: String
  private let system: FileSystem

  /// What the disk bears.
  enum FileSystem: String, Sendable {
    case ext4, xfs
  }

  /// Why a test with such disks is not run, when it is not.
  static let need = "only root can mount disks; run the tests as root"
  /// Whether we may try; whatever else is missing then is a failure, not a reason to pass.
  static var isAllowed: Bool { geteuid() == 0 }

  /// Makes the disk and mounts it.
  init(_ rig: Rig, _ system: FileSystem, mebibytes: Int = 192) throws {
    self.rig = rig
    self.system = system
    work = try rig.directory.makeDirectory(String(rig.directory.freshName("power").split(separator: "/").last ?? "power"))
    path = work + "/disk"
    holder = try rig.start("unshare", ["--mount", "--propagation", "private", "--", "sleep", "infinity"], name: "mounts")
    let own = "\(holder.pid)"
    try Deadline.usual.wait(until: "there was a mount namespace") {
      try LoopDisk.namespace(own) != LoopDisk.namespace("self")
    }
    let make =
      switch system {
      case .ext4: "mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 store/image"
      case .xfs: "mkfs.xfs -q store/image"
      }
    try run(
      """
      mkdir store disk look
      truncate -s 2G store.image
      mkfs.xfs -q -m reflink=1 store.image
      mount -o loop store.image store
      truncate -s \(max(mebibytes, system == .xfs ? 320 : 0))M store/image
      \(make)
      mount -o loop store/image disk
      """)
  }

  /// What stands before a program that is to see the disk.
  var wrapper: [String] { ["nsenter", "--mount=/proc/\(holder.pid)/ns/mnt", "--"] }

  /// Copies the disk as it is now: what is left when the power goes.
  func cut(_ number: Int) throws { try run("cp --reflink=always store/image store/cut.\(number)") }

  /// Mounts a copy, which makes the file system recover, and has something done there; then the copy is gone.
  func look<Answer>(at number: Int, _ body: (String) throws -> Answer) throws -> Answer {
    try run("mount -o loop\(system == .xfs ? ",nouuid" : "") store/cut.\(number) look")
    let answer = try body(work + "/look")
    try run("umount look")
    if system == .ext4 { try run("e2fsck -fn store/cut.\(number) >/dev/null") }
    try run("rm store/cut.\(number)")
    return answer
  }

  private func run(_ script: String) throws {
    let command = wrapper + ["sh", "-e", "-c", "cd \(work); \(script)"]
    try rig.output(of: command[0], Array(command.dropFirst()))
  }

  private static func namespace(_ process: String) throws -> String {
    var bytes = [CChar](repeating: 0, count: 64)
    let count = unsafe bytes.withUnsafeMutableBufferPointer { unsafe readlink("/proc/\(process)/ns/mnt", $0.baseAddress!, $0.count) }
    guard count > 0 else { throw HarnessFailure("cannot look at the mount namespace of \(process)") }
    return String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
