// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSystem
import Testing
import Timekeeping

/// Clients in control groups made for the test, where the unified hierarchy may be written to.
@Suite(.enabled(if: TestCgroup.isPossible, "control groups cannot be made here"))
struct PeerLookupUnitTests {
  let directory = TemporaryDirectory()

  @Test(arguments: [
    ("web.service", "web.service"), ("apps.slice/apps-web.slice/web@1.service", "web@1.service"), ("session-3.scope", "session-3.scope"),
    ("user.slice/user@1000.service/app.slice/cron.service", "user@1000.service"), ("engine/0123abcd", nil), ("engine/cron.service", nil),
  ])
  func `a client's unit is the first below the slices`(path: String, unit: String?) throws {
    let cgroup = TestCgroup(path)
    let listener = try Socket.listeningLocally()
    let client = ChildPeer(to: try listener.localAddress(), cgroup: cgroup.path)
    let identity = PeerLookup().identify(try listener.acceptSoon().takeSocket())
    #expect(identity.user == geteuid())
    #expect(identity.unit == unit)
    #expect(identity.gap == (unit == nil ? .noUnit : nil))
    client.end()
  }

  @Test func `a Unix client has a unit too`() throws {
    let cgroup = TestCgroup("web.service")
    let address = SocketAddress.unix("\(directory.path)/smtp")
    let listener = try Socket.listening(on: address)
    let client = ChildPeer(to: address, cgroup: cgroup.path)
    let connection = try listener.acceptSoon().takeSocket()
    #expect(PeerLookup().identify(connection).unit == "web.service")
    let withoutHierarchy = PeerLookup(cgroups: CgroupNames(root: nil))
    #expect(withoutHierarchy.identify(connection).unit == "web.service", "the process's own list tells")
    client.end()
    #expect(withoutHierarchy.identify(connection).gap == .processNotSeen)
  }

  @Test func `a unit that has gone is unknown unless it was known before`() throws {
    let cgroup = TestCgroup("web.service")
    let listener = try Socket.listeningLocally()
    let client = ChildPeer(to: try listener.localAddress(), cgroup: cgroup.path)
    let connection = try listener.acceptSoon().takeSocket()
    let early = PeerLookup()
    #expect(early.identify(connection).unit == "web.service")
    client.end()
    cgroup.remove()
    let late = PeerLookup().identify(connection)
    #expect(late.unit == nil)
    #expect(early.identify(connection).user != 0 || geteuid() != 0)
  }

  @Test func `units read ahead are known without another reading`() throws {
    let cgroup = TestCgroup("web.service")
    let lookup = PeerLookup()
    lookup.readUnits(at: Moment(nanoseconds: 0))
    let listener = try Socket.listeningLocally()
    let client = ChildPeer(to: try listener.localAddress(), cgroup: cgroup.path)
    #expect(lookup.identify(try listener.acceptSoon().takeSocket()).unit == "web.service")
    client.end()
  }

  @Test func `a unit that starts during the pause is known after it`() throws {
    let lookup = PeerLookup()
    let listener = try Socket.listeningLocally()
    let first = TestCgroup("first.service")
    let one = ChildPeer(to: try listener.localAddress(), cgroup: first.path)
    #expect(lookup.identify(try listener.acceptSoon().takeSocket()).unit == "first.service")

    let second = TestCgroup("second.service")
    let other = ChildPeer(to: try listener.localAddress(), cgroup: second.path)
    let connection = try listener.acceptSoon().takeSocket()
    let early = lookup.identify(connection)
    #expect(early.user == geteuid())
    #expect(early.unit == nil)
    #expect(early.gap == .cgroupNotReadYet)
    #expect(lookup.identify(connection, at: Moment(nanoseconds: 60_000_000_000)).unit == "second.service")
    one.end()
    other.end()
  }
}

/// A control group in the unified hierarchy, below a slice of its own.
final class TestCgroup {
  let path: String
  private let made: [String]

  static let root = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first { unsafe access("\($0)/cgroup.procs", W_OK) == 0 }

  static let isPossible: Bool = {
    guard let root else { return false }
    let trial = "\(root)/posthouse-trial-\(getpid())"
    return unsafe mkdir(trial, 0o755) == 0 && rmdir(trial) == 0
  }()

  init(_ name: String) {
    var path = "\(TestCgroup.root ?? "")/posthousetest\(UInt64.random(in: 0...UInt64.max)).slice"
    var made = [path]
    unsafe mkdir(path, 0o755)
    for part in name.split(separator: "/") {
      path += "/\(part)"
      unsafe mkdir(path, 0o755)
      made.append(path)
    }
    self.path = path
    self.made = made
  }

  deinit { remove() }

  /// Removes it; its processes have ended.
  func remove() {
    for directory in made.reversed() { unsafe rmdir(directory) }
  }
}
