// SPDX-License-Identifier: Apache-2.0
internal import Harness

/// A disk of our own whose power can be cut: a file on XFS that bears a file system, so that a reflink copy shows the disk as it is at one
/// moment. What the file system had not sent to the disk by then is lost in the copy, as it is when the power goes.
///
/// Not modelled: a disk with a volatile cache that forgets or reorders what it has taken.
struct LoopDisk {
  /// Where the file system is mounted.
  let path: String
  private let mounts: MountNamespace
  private let system: FileSystem

  /// What the disk bears.
  enum FileSystem: String, Sendable {
    case ext4, xfs
  }

  /// Makes the disk and mounts it.
  init(_ rig: Rig, _ system: FileSystem) throws {
    self.system = system
    mounts = try MountNamespace(rig)
    path = mounts.work + "/disk"
    let (size, make) =
      switch system {
      case .ext4: (1024, "mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 store/image")
      case .xfs: (1024, "mkfs.xfs -q store/image")
      }
    try mounts.run(
      """
      mkdir store disk look
      truncate -s 6G store.image
      mkfs.xfs -q -m reflink=1 store.image
      mount -o loop store.image store
      truncate -s \(size)M store/image
      \(make)
      mount -o loop store/image disk
      """)
  }

  /// What stands before a program that is to see the disk.
  var wrapper: [String] { mounts.wrapper }

  /// Copies the disk as it is now: what is left when the power goes.
  func cut(_ number: Int) throws { try mounts.run("cp --reflink=always store/image store/cut.\(number)") }

  /// Mounts a copy, which makes the file system recover, and has something done there; then the copy is gone.
  func look<Answer>(at number: Int, _ body: (String) throws -> Answer) throws -> Answer {
    try mounts.run("mount -o loop\(system == .xfs ? ",nouuid" : "") store/cut.\(number) look")
    let answer = try body(mounts.work + "/look")
    try mounts.run("umount look")
    if system == .ext4 { try mounts.run("e2fsck -fn store/cut.\(number) >/dev/null") }
    try mounts.run("rm store/cut.\(number)")
    return answer
  }
}
