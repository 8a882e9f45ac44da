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
  private var open: [Weak] = []
  /// Addresses from which no answer ever comes.
  package var silent: Set<SocketAddress> = []
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
    let here = source ?? .v4([127, 0, 0, 1], port: freePort())
    let near = SimulatedStream(peer: address, loop, latency) { .unknown(.noSuchSocket) }
    begun(near)
    try await near.sleep(until: silent.contains(address) ? deadline : min(deadline, loop.moment + latency))
    if silent.contains(address) { throw .timedOut }
    guard let listener = listeners[address] else {
      throw .system(SystemFailure(call: "connect to", subject: "\(address)", number: ECONNREFUSED))
    }
    let far = SimulatedStream(peer: here, loop, latency, identity)
    near.pair(with: far)
    if open.count > 64 { open.removeAll { $0.stream == nil } }
    open.append(Weak(stream: near))
    listener.arrive(far)
    return near
  }

  /// Cuts every connection that is open, as a power failure would.
  package func cutAll() {
    for place in open { place.stream?.breakBoth() }
    open = []
  }

  /// A connection that ends when nobody has it any more.
  private struct Weak {
    weak var stream: SimulatedStream?
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
