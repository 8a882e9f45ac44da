// SPDX-License-Identifier: Apache-2.0
import Harness

/// A view of the file system in which a mail server finds its users and directories in the places it was built for, and nobody else sees
/// them: a mount namespace of its own. Needs root.
struct MountedRoom {
  private let stem: String
  private let rig: Rig

  /// A room with empty `/var/lib`, `/var/spool` and `/run`, in which these users exist.
  init(_ rig: Rig, _ name: String, users: [String]) throws {
    self.rig = rig
    stem = rig.directory.freshName(name)
    let local = String(stem.dropFirst(rig.directory.path.count + 1))
    for part in ["", "/lib", "/spool"] { try rig.directory.makeDirectory(local + part, mode: 0o755) }
    var (passwd, group) = (try Files.text(at: "/etc/passwd"), try Files.text(at: "/etc/group"))
    for (place, user) in users.enumerated() {
      passwd += "\(user):x:\(MountedRoom.firstUser + place):\(MountedRoom.firstUser + place)::/nonexistent:/usr/sbin/nologin\n"
      group += "\(user):x:\(MountedRoom.firstUser + place):\n"
    }
    try Files.write(passwd, to: stem + "/passwd")
    try Files.write(group, to: stem + "/group")
    // Names come from files: a name server that does not answer would be measured instead.
    try Files.write("lookup file\nnameserver 127.0.0.1\noptions timeout:1 attempts:1\n", to: stem + "/resolv.conf")
  }

  /// Where a file of the room lies outside.
  subscript(path: String) -> String { stem + "/" + path }

  /// Has programs that look where Debian keeps certificate authorities find this one alone.
  func trust(_ authority: String) throws { try Files.write(try Files.bytes(at: authority), to: self["authority"]) }

  /// Makes a directory below `lib` or `spool`, the user's own where one is named by its place.
  func makeDirectory(_ path: String, mode: String = "755", user: Int? = nil) throws {
    try rig.output(of: "mkdir", ["-p", "-m", mode, self[path]])
    if let user { try rig.output(of: "chown", ["\(MountedRoom.firstUser + user):\(MountedRoom.firstUser + user)", self[path]]) }
  }

  /// Starts a program in the room, held by a process that accounts for everything it starts.
  func hold(_ program: UnpackedProgram, _ words: [String], name: String) throws -> ChildProcess {
    let script = """
      mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group && mount --bind "$1/lib" /var/lib &&
      { [ ! -f "$1/authority" ] || mount --bind "$1/authority" /etc/ssl/certs/ca-certificates.crt; } &&
      { [ ! -f /etc/resolv.conf ] || mount --bind "$1/resolv.conf" /etc/resolv.conf; } &&
      mount --bind "$1/spool" /var/spool && mount -t tmpfs tmpfs /run && mount --bind "$2" /opt && shift 2 && exec "$@"
      """
    return try rig.hold(
      "unshare", ["--mount", "--propagation", "private", "sh", "-c", script, "sh", stem, program.directory, program.pathInRoom] + words,
      name: name)
  }

  /// The first number of a user; Debian gives none from here to 999 out by itself until others are taken.
  private static let firstUser = 971
}

/// A program out of a package that was unpacked and not installed.
struct UnpackedProgram {
  /// The directory it is in.
  let directory: String
  private let name: String

  /// The program of that name in `usr/sbin` of a package below the directory of the peers.
  init(_ package: String, _ name: String) {
    let peers = Environment["POSTHOUSE_PEERS"] ?? (Environment["PWD"] ?? "") + "/.build/peers"
    directory = "\(peers)/\(package)/usr/sbin"
    self.name = name
  }

  /// Where a ``MountedRoom`` has it, so that users who may not enter our directories can start it.
  var pathInRoom: String { "/opt/\(name)" }

  /// Why it cannot be run here; nil when it can.
  var hindrance: String? {
    let path = "\(directory)/\(name)"
    return Files.exists(path) ? nil : "\(path) is not there; .ci/peers .build/peers unpacks it"
  }
}
