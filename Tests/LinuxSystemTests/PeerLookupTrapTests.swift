// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSystem
import Testing

/// What looks like an answer and is none.
@Suite struct PeerLookupTrapTests {
  let lookup = PeerLookup()

  @Test(.enabled(if: mayBeAnother, "only root can start a client as another user"))
  func `a client that closed before it was asked about is itself or unknown, never root`() throws {
    let listener = try Socket.listeningLocally()
    let client = ChildPeer(to: try listener.localAddress(), as: strangerUser, .close)
    let identity = lookup.identify(try listener.acceptSoon().takeSocket())
    #expect(identity.user == strangerUser || identity.user == nil)
    #expect(identity.user != nil || identity.gap == .closedBefore)
    client.end()
  }

  @Test(.enabled(if: mayBeAnother, "only root can start a client as root"))
  func `a client of root that closed before it was asked about is unknown`() throws {
    let listener = try Socket.listeningLocally()
    let client = ChildPeer(to: try listener.localAddress(), as: 0, .close)
    let identity = lookup.identify(try listener.acceptSoon().takeSocket())
    #expect(identity.user == nil)
    #expect(identity.userName == nil)
    #expect(identity.gap == .closedBefore)
    client.end()
  }

  @Test func `a client that closed is never taken for root`() throws {
    let listener = try Socket.listeningLocally()
    let client = ChildPeer(to: try listener.localAddress(), .close)
    let identity = lookup.identify(try listener.acceptSoon().takeSocket())
    #expect(identity.user == nil || (identity.user == geteuid() && geteuid() != 0))
    client.end()
  }

  @Test func `a client that broke the connection off is unknown`() throws {
    let listener = try Socket.listeningLocally()
    let client = ChildPeer(to: try listener.localAddress(), .reset)
    let identity = lookup.identify(try listener.acceptSoon().takeSocket())
    #expect(identity == .unknown(.brokenOff))
    client.end()
  }

  @Test func `a broken connection is not lent the user who took its port over`() throws {
    let listener = try Socket.listeningLocally()
    let address = try listener.localAddress()
    let attacker = ChildPeer(to: address, .reset, from: Socket.lonelyAddress())
    let broken = try listener.acceptSoon()
    let victim = ChildPeer(to: address, as: mayBeAnother ? strangerUser : geteuid(), .hold, from: broken.peer)
    let sound = try listener.acceptSoon()
    #expect(sound.peer == broken.peer)
    #expect(lookup.identify(broken.takeSocket()) == .unknown(.brokenOff))
    #expect(lookup.identify(sound.takeSocket()).user == (mayBeAnother ? strangerUser : geteuid()))
    attacker.end()
    victim.end()
  }

  @Test(.enabled(if: VanishingClient.isPossible, "a client can vanish without a trace only with CAP_NET_ADMIN"))
  func `a client that vanished without a trace is unknown`() throws {
    let listener = try Socket.listeningLocally()
    let client = try Socket.connecting(to: try listener.localAddress())
    let connection = try listener.acceptSoon().takeSocket()
    #expect(lookup.identify(connection).user == geteuid())
    VanishingClient.vanish(client)
    #expect(lookup.identify(connection) == .unknown(.noSuchSocket))
  }

  @Test(.enabled(if: VanishingClient.isPossible, "a client can vanish without a trace only with CAP_NET_ADMIN"))
  func `who listens on a vanished client's port is not taken for it`() throws {
    let listener = try Socket.listeningLocally()
    let client = try Socket.connecting(to: try listener.localAddress(), from: Socket.lonelyAddress())
    let accepted = try listener.acceptSoon()
    VanishingClient.vanish(client)
    let other = try Socket.listening(on: accepted.peer)
    #expect(try other.localAddress() == accepted.peer)
    #expect(lookup.identify(accepted.takeSocket()) == .unknown(.noSuchSocket))
  }

  @Test(.enabled(if: Confinement.mayMakeNetwork, "network namespaces cannot be made here"))
  func `a connection from another network namespace is not looked for in ours`() throws {
    let lookup = try #require(Confinement.inAnotherNetwork { PeerLookup() })
    let listener = try Socket.listeningLocally()
    let client = try Socket.connecting(to: try listener.localAddress())
    #expect(lookup.identify(try listener.acceptSoon().takeSocket()) == .unknown(.otherNetworkNamespace))
    _ = client.number
  }

  @Test func `a socket without a connection is unknown`() throws {
    let listener = try Socket.listeningLocally()
    #expect(lookup.identify(listener) == .unknown(.brokenOff))
  }

  @Test func `a client that has said all it will say is known`() throws {
    let listener = try Socket.listeningLocally()
    let client = try Socket.connecting(to: try listener.localAddress())
    client.finishWriting()
    let connection = try listener.acceptSoon().takeSocket()
    #expect(lookup.identify(connection).user == geteuid(), "half closed is still there")
  }
}

/// A client whose socket goes away and whose peer is not told (TCP_REPAIR).
enum VanishingClient {
  static var isPossible: Bool {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard number >= 0 else { return false }
    let descriptor = Descriptor(owning: number)
    return setRepair(descriptor.number)
  }

  static func vanish(_ client: consuming Socket) {
    let possible = setRepair(client.number)
    precondition(possible, "only asked of a client that can")
  }

  private static func setRepair(_ number: Int32) -> Bool {
    var on: Int32 = 1
    return unsafe setsockopt(number, Int32(IPPROTO_TCP), TCP_REPAIR, &on, socklen_t(MemoryLayout<Int32>.size)) == 0
  }
}
