// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSystem
import Testing

@Suite struct PeerLookupUnixTests {
  let lookup = PeerLookup()
  let directory = TemporaryDirectory()

  /// A listener that everybody may come to.
  private func listen() throws -> Socket {
    unsafe chmod(directory.path, 0o755)
    let listener = try Socket.listening(on: address)
    unsafe chmod(address.host, 0o666)
    return listener
  }

  private var address: SocketAddress { .unix("\(directory.path)/smtp") }

  @Test func `a Unix client of this process is this process's user`() throws {
    let listener = try listen()
    let client = try Socket.connecting(to: address)
    let identity = lookup.identify(try listener.acceptSoon().takeSocket())
    #expect(identity.user == geteuid())
    #expect(identity.userName == UserNames().name(of: geteuid()))
    _ = client.number
  }

  @Test(.enabled(if: mayBeAnother, "only root can start a client as another user"), arguments: [0, 65_534, strangerUser])
  func `a Unix client is its own user`(user: UInt32) throws {
    let listener = try listen()
    let client = ChildPeer(to: address, as: user)
    #expect(lookup.identify(try listener.acceptSoon().takeSocket()).user == user)
    client.end()
  }

  @Test func `a Unix client that has ended keeps its user and has no unit`() throws {
    let listener = try listen()
    let user = mayBeAnother ? strangerUser : geteuid()
    let client = ChildPeer(to: address, as: user, .close)
    let identity = lookup.identify(try listener.acceptSoon().takeSocket())
    #expect(identity.user == user)
    #expect(identity.unit == nil)
    #expect(identity.gap == .processNotSeen)
    client.end()
  }

  @Test func `a Unix socket without a connection is unknown`() throws {
    let client = Socket(Descriptor(owning: socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)))
    #expect(lookup.identify(client) == .unknown(.brokenOff))
  }
}
