// SPDX-License-Identifier: Apache-2.0
package import EventLoop
internal import Glibc
package import LinuxSystem
package import Timekeeping

/// A network inside the process: connections are pairs of pipes whose bytes arrive after a virtual while.
@Loop package final class SimulatedNetwork: Network {
  private let loop: EventLoop
  private let latency: Duration
  private var listeners: [SocketAddress: SimulatedListener] = [:]
  private var nextPort: UInt16 = 40_000
  private var open: [SimulatedStream] = []
  /// Addresses from which no answer ever comes.
  package var silent: Set<SocketAddress> = []
  /// Addresses that refuse connections, whoever listens there.
  package var refusing: Set<SocketAddress> = []
  /// Addresses that answer later than others.
  package var delays: [SocketAddress: Duration] = [:]
  /// Our own addresses, when only these can be connected from.
  package var owned: Set<SocketAddress>?
  /// Every attempt to connect, in order.
  package private(set) var attempts: [Attempt] = []
  /// How many attempts to connect are under way.
  package private(set) var connecting = 0
  /// What a kernel would tell about whoever connects, asked each time.
  package var identity: () -> PeerIdentity = { .unknown(.noSuchSocket) }

  /// A network in which every byte travels for `latency`.
  package init(_ loop: EventLoop, latency: Duration = .microseconds(50)) {
    self.loop = loop
    self.latency = latency
  }

  package func listen(on address: SocketAddress) throws(SystemFailure) -> any Listener {
    let address = address.port == 0 ? address.with(port: freePort()) : address
    guard listeners[address] == nil else { throw SystemFailure(call: "bind", subject: "\(address)", number: EADDRINUSE) }
    let listener = SimulatedListener(address, loop) { self.listeners[address] = nil }
    listeners[address] = listener
    return listener
  }

  package func connect(
    to address: SocketAddress, from source: SocketAddress?, until deadline: Moment, begun: (any ByteStream) -> Void
  ) async throws(WireFailure) -> any ByteStream {
    attempts.append(Attempt(address: address, source: source, moment: loop.moment))
    connecting += 1
    defer { connecting -= 1 }
    if let source, let owned, !owned.contains(source) {
      throw .system(SystemFailure(call: "bind", subject: "\(source)", number: EADDRNOTAVAIL))
    }
    let here = source ?? .v4([127, 0, 0, 1], port: freePort())
    let near = SimulatedStream(peer: address, loop, latency) { .unknown(.noSuchSocket) }
    begun(near)
    try await near.sleep(until: silent.contains(address) ? deadline : min(deadline, loop.moment + (delays[address] ?? latency)))
    if silent.contains(address) || delays[address].map({ $0 > latency }) ?? false && loop.moment >= deadline { throw .timedOut }
    guard let listener = listeners[address], !refusing.contains(address) else {
      throw .system(SystemFailure(call: "connect to", subject: "\(address)", number: ECONNREFUSED))
    }
    let far = SimulatedStream(peer: here, loop, latency, identity)
    near.pair(with: far)
    open.removeAll(where: \.isClosed)
    open.append(near)
    listener.arrive(far)
    return near
  }

  /// Cuts every connection that is open, as a power failure would.
  package func cutAll() {
    for stream in open { stream.breakBoth() }
    open = []
  }

  /// How many connections that were made from here were not closed here: each is a descriptor.
  package var descriptors: Int { open.count { !$0.isClosed } }

  /// Somebody wanted a connection.
  package struct Attempt: Sendable {
    package let address: SocketAddress
    package let source: SocketAddress?
    package let moment: Moment
  }

  private func freePort() -> UInt16 {
    defer { nextPort = nextPort == .max ? 40_000 : nextPort + 1 }
    return nextPort
  }
}

/// Where simulated connections arrive.
@Loop final class SimulatedListener: Listener {
  let address: SocketAddress
  private let berth: Berth
  private let onClose: () -> Void
  private var waiting: [SimulatedStream] = []
  private var isCancelled = false

  init(_ address: SocketAddress, _ loop: EventLoop, onClose: @escaping () -> Void) {
    self.address = address
    berth = Berth(loop)
    self.onClose = onClose
  }

  func arrive(_ stream: SimulatedStream) {
    waiting.append(stream)
    berth.wake()
  }

  func accept() async throws(AcceptFailure) -> any ByteStream {
    while !isCancelled {
      if !waiting.isEmpty { return waiting.removeFirst() }
      _ = await berth.wait()
    }
    throw .cancelled
  }

  func cancel() {
    isCancelled = true
    berth.wake(.cancelled)
  }

  func close() {
    onClose()
    for stream in waiting { stream.close() }
    waiting = []
    cancel()
  }
}
