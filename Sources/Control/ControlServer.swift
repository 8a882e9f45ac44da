// SPDX-License-Identifier: Apache-2.0
package import EventLoop
import LinuxSystem
import Varlink

/// The control socket: accepts clients and gives each a ``ControlSession``.
///
/// Who may connect is decided by the file's mode and group. Clients are few; more than the limit wait in the kernel's queue until one goes.
@Loop package final class ControlServer {
  private let loop: EventLoop
  private unowned let desk: any ControlDesk
  private let service: VarlinkService
  private var listeners: [any Listener] = []
  private var streams: [ObjectIdentifier: any ByteStream] = [:]
  private var room: Berth
  private var running = 0
  private var emptied: Berth?

  /// A server without listeners that answers for `desk`.
  package init(_ loop: EventLoop, _ desk: any ControlDesk) {
    self.loop = loop
    self.desk = desk
    room = Berth(loop)
    service = Release.service
  }

  /// Answers on one more socket.
  package func serve(_ listener: any Listener) {
    listeners.append(listener)
    running += 1
    loop.spawn { [self] in
      await accept(from: listener)
      end()
    }
  }

  /// Ends every conversation and listens no more.
  package func close() async {
    for listener in listeners { listener.close() }
    for stream in streams.values { stream.cancel() }
    room.wake(.cancelled)
    let berth = Berth(loop)
    emptied = berth
    while running > 0 { _ = await berth.wait() }
  }

  private func accept(from listener: any Listener) async {
    while true {
      while streams.count >= ControlServer.mostClients {
        if await room.wait() == .cancelled { return }
      }
      do throws(AcceptFailure) {
        start(try await listener.accept())
      } catch {
        switch error {
        case .cancelled: return
        case .refused: if await loop.sleep(.milliseconds(100)) == .cancelled { return }
        }
      }
    }
  }

  @inline(never) private func start(_ stream: any ByteStream) {
    let key = ObjectIdentifier(stream)
    streams[key] = stream
    running += 1
    loop.spawn { [self] in
      await ControlSession(loop: loop, desk: desk, service: service).run(stream)
      streams[key] = nil
      room.wake()
      end()
    }
  }

  private func end() {
    running -= 1
    if running == 0 { emptied?.wake() }
  }

  private static let mostClients = 64
}
