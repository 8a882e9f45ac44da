// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSystem
import Testing

@Suite struct PeerLookupTests {
  let lookup = PeerLookup()

  @Test(arguments: ["127.0.0.1", "127.9.8.7", "::1"])
  func `a TCP client of this process is this process's user`(host: String) throws {
    let listener = try Socket.listeningLocally(host)
    let client = try Socket.connecting(to: try listener.localAddress())
    let connection = try listener.acceptSoon().takeSocket()
    let identity = lookup.identify(connection)
    #expect(identity.user == geteuid())
    #expect(identity.userName == UserNames().name(of: geteuid()))
    #expect(lookup.identify(client).user == geteuid(), "and the other way round")
  }

  @Test(
    .enabled(if: mayBeAnother, "only root can start a client as another user"), arguments: ["127.0.0.1", "::1"], [0, 65_534, strangerUser])
  func `a TCP client is its own user`(host: String, user: UInt32) throws {
    let listener = try Socket.listeningLocally(host)
    let client = ChildPeer(to: try listener.localAddress(), as: user)
    let connection = try listener.acceptSoon().takeSocket()
    let identity = lookup.identify(connection)
    #expect(identity.user == user)
    #expect(identity.userName == UserNames().name(of: user))
    client.end()
  }

  @Test func `a TCP client in another process of ours is our user`() throws {
    let listener = try Socket.listeningLocally()
    let client = ChildPeer(to: try listener.localAddress())
    let connection = try listener.acceptSoon().takeSocket()
    #expect(lookup.identify(connection).user == geteuid())
    client.end()
  }

  @Test func `an IPv4 client of a listener for both families is found`() throws {
    let listener = try Dual.listener()
    let port = try #require(try listener.localAddress().port)
    let user = mayBeAnother ? strangerUser : geteuid()
    let client = ChildPeer(to: .v4([127, 0, 0, 1], port: port), as: user)
    let accepted = try listener.acceptSoon()
    #expect(accepted.peer.host == "::ffff:127.0.0.1")
    #expect(lookup.identify(accepted.takeSocket()).user == user)
    client.end()
  }

  @Test func `a client that says IPv4 with an IPv6 socket is found`() throws {
    let listener = try Socket.listeningLocally()
    let port = try #require(try listener.localAddress().port)
    let user = mayBeAnother ? strangerUser : geteuid()
    let address = try #require(SocketAddress(numeric: "::ffff:127.0.0.1", port: port))
    let client = ChildPeer(to: address, as: user)
    let connection = try listener.acceptSoon().takeSocket()
    #expect(lookup.identify(connection).user == user)
    client.end()
  }

  @Test(.enabled(if: mayBeAnother, "only root can become another user"))
  func `a socket belongs to the user who made it`() throws {
    let listener = try Socket.listeningLocally()
    let client = ChildPeer(to: try listener.localAddress(), as: strangerUser, .holdMadeEarly)
    let connection = try listener.acceptSoon().takeSocket()
    #expect(lookup.identify(connection).user == 0)
    client.end()
  }

  @Test func `one look-up serves many connections`() throws {
    let listener = try Socket.listeningLocally()
    for _ in 0..<200 {
      let client = try Socket.connecting(to: try listener.localAddress())
      let connection = try listener.acceptSoon().takeSocket()
      #expect(lookup.identify(connection).user == geteuid())
      _ = client.number
    }
  }

  @Test func `where netlink is forbidden every TCP client is unknown and a Unix client is not`() throws {
    let lookup = try #require(Confinement.withoutNetlink { PeerLookup() })
    let gap = PeerIdentity.Gap.cannotAsk(SystemFailure(call: "open", subject: "a netlink socket", number: EAFNOSUPPORT))
    #expect(lookup.permanentGap == gap)
    #expect("\(gap)".contains("AF_NETLINK"))
    let listener = try Socket.listeningLocally()
    let client = try Socket.connecting(to: try listener.localAddress())
    let connection = try listener.acceptSoon().takeSocket()
    #expect(lookup.identify(connection) == .unknown(gap))
    _ = client.number

    let directory = TemporaryDirectory()
    let path = SocketAddress.unix("\(directory.path)/s")
    let local = try Socket.listening(on: path)
    let neighbour = try Socket.connecting(to: path)
    #expect(lookup.identify(try local.acceptSoon().takeSocket()).user == geteuid())
    _ = neighbour.number
  }
}

/// A listener that takes IPv6 and IPv4.
enum Dual {
  static func listener() throws -> Socket {
    let number = socket(AF_INET6, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    let listener = Socket(Descriptor(owning: number))
    var form = sockaddr_in6()
    form.sin6_family = sa_family_t(AF_INET6)
    let bound = unsafe withUnsafePointer(to: form) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(number, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
      }
    }
    guard bound == 0, listen(number, 5) == 0 else { throw SystemFailure.last("listen on", "both families") }
    return listener
  }
}
