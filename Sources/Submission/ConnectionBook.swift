// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Mail
import Octets

/// The connections that are open, through which door they came and whose they are.
///
/// A client is a user of this machine, whatever addresses its programs connect from; where the user is unknown, it is an address.
@Loop struct ConnectionBook {
  private var open: [ObjectIdentifier: Connection] = [:]
  private var perClient: [Client: Int] = [:]

  /// Whom connections are counted by.
  enum Client: Hashable {
    case user(UInt32)
    case address(IPAddress)
    /// A program on this machine of which nothing is known.
    case unknown

    init(_ identity: PeerIdentity, at peer: SocketAddress) {
      self = identity.user.map(Client.user) ?? peer.ip.map(Client.address) ?? .unknown
    }
  }

  /// One connection that is open.
  @Loop final class Connection {
    /// Its stream.
    let stream: any ByteStream
    fileprivate let door: SocketAddress
    fileprivate let client: Client
    /// Whether it waits between messages.
    var isIdle = false

    fileprivate init(_ stream: any ByteStream, _ door: SocketAddress, _ client: Client) {
      self.stream = stream
      self.door = door
      self.client = client
    }
  }

  /// How many connections are open.
  var count: Int { open.count }

  /// How many of them belong to `client`.
  func count(of client: Client) -> Int { perClient[client] ?? 0 }

  /// How many of them came through the door at `address`.
  func count(through address: SocketAddress) -> Int { open.values.count { $0.door == address } }

  /// Enters a connection.
  mutating func enter(_ stream: any ByteStream, through door: SocketAddress, of client: Client) -> Connection {
    let connection = Connection(stream, door, client)
    open[ObjectIdentifier(connection)] = connection
    perClient[client, default: 0] += 1
    return connection
  }

  /// Strikes a connection that has ended.
  mutating func strike(_ connection: Connection) {
    let client = connection.client
    guard open.removeValue(forKey: ObjectIdentifier(connection)) != nil, let count = perClient[client] else { return }
    perClient[client] = count > 1 ? count - 1 : nil
  }

  /// Ends the waits of all connections between messages.
  func cancelIdle() { for entry in open.values where entry.isIdle { entry.stream.cancel() } }

  /// Ends the waits of all connections.
  func cancelAll() { for entry in open.values { entry.stream.cancel() } }
}
