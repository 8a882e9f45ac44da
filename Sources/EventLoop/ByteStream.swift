// SPDX-License-Identifier: Apache-2.0
package import LinuxSystem
package import Octets
package import Timekeeping

/// A connection that bytes go through both ways: reading and writing never wait, waiting is a step of its own.
///
/// Conformers: a socket, TLS over another stream, and a simulated pipe. One task reads and one writes at a time; both may be the same.
@Loop package protocol ByteStream: AnyObject {
  /// Moves what has arrived behind the bytes in `queue`, at most about `room` of them.
  func read(into queue: inout ByteQueue, room: Int) -> Transfer<WireFailure>
  /// Whether something may have arrived since ``read(into:room:)`` found all there was; where not, a read is a system call for nothing.
  var isWorthReading: Bool { get }
  /// Moves what the way out takes from the front of `queue`.
  func write(from queue: inout ByteQueue) -> Transfer<WireFailure>
  /// Whether bytes that ``write(from:)`` took have not left yet; an empty write moves them on.
  var holdsUnsentBytes: Bool { get }
  /// Where to wait until reading is worth a try.
  var readable: Prospect { get }
  /// Where to wait until writing is worth a try.
  var writable: Prospect { get }
  /// Ends every wait on this stream, now and from now on, with ``Wake/cancelled``.
  func cancel()
  /// Says to the other side that nothing more will come from here.
  func finishWriting()
  /// Gives the connection up; nothing is read or written afterwards.
  func close()
  /// Who is at the other end.
  var peer: SocketAddress { get }
  /// The user at the other end of a Unix socket; nil where the kernel does not tell.
  var peerUser: UInt32? { get }
  /// Who is at the other end, as far as the kernel tells; to be asked before anything is said.
  func peerIdentity(by lookup: PeerLookup) -> PeerIdentity
}

extension ByteStream {
  /// A stream that cannot tell is worth a try.
  package var isWorthReading: Bool { true }
}

/// What a direction of a stream has to offer to whoever would wait for it.
package enum Prospect {
  /// There is no need to wait: why.
  case wake(Wake)
  /// Whoever lies here is woken when there is something.
  case berth(Berth)

  /// Waits, unless there is no need.
  @Loop package func wait(until deadline: Moment) async -> Wake {
    switch self {
    case .wake(let wake): wake
    case .berth(let berth): await berth.wait(until: deadline)
    }
  }
}

/// Where connections arrive.
@Loop package protocol Listener: AnyObject {
  /// Where it listens, with the port that the system chose if it was left open.
  var address: SocketAddress { get }
  /// The next connection; an error is about this moment (out of descriptors), not about the listener.
  func accept() async throws(AcceptFailure) -> any ByteStream
  /// Ends the wait for connections.
  func cancel()
  /// Listens no longer.
  func close()
}

/// Why no connection was accepted.
package enum AcceptFailure: Error, Equatable, Sendable {
  /// The listener was told to end.
  case cancelled
  /// The system could not give one now.
  case refused(SystemFailure)
}

/// The world of connections; real or simulated.
@Loop package protocol Network: AnyObject {
  /// Begins to listen.
  func listen(on address: SocketAddress) throws(SystemFailure) -> any Listener
  /// Opens a connection, from `source` if one is given; `begun` is handed the stream before the wait, so that the wait can be cancelled.
  func connect(
    to address: SocketAddress, from source: SocketAddress?, until deadline: Moment, begun: (any ByteStream) -> Void
  ) async throws(WireFailure) -> any ByteStream
}

extension Network {
  /// Opens a connection that nobody cancels.
  package func connect(
    to address: SocketAddress, from source: SocketAddress?, until deadline: Moment
  ) async throws(WireFailure) -> any ByteStream {
    try await connect(to: address, from: source, until: deadline, begun: { _ in })
  }
}
