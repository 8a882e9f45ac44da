// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import Octets

/// The streams that a command is born with, for programs that do one thing after the other and wait as long as it takes.
package enum StandardStreams {
  /// Whether a person looks at standard output.
  package static var outputIsTerminal: Bool { isatty(Host.StandardStream.output.rawValue) == 1 }

  /// Makes sure that no file or socket that is opened later takes the place of a stream that was closed before the program began; using
  /// such a stream fails.
  package static func keepPlaces() {
    for place in Int32(0)...2 where fcntl(place, F_GETFD) < 0 { _ = unsafe open("/dev/null", place == 0 ? O_WRONLY : O_RDONLY) }
  }

  /// Writes all the bytes; throws when nobody can read them any more.
  package static func write(_ bytes: [UInt8], to stream: Host.StandardStream) throws(SystemFailure) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(stream.rawValue, $0.baseAddress!, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN {
        wait(for: POLLOUT, on: stream.rawValue)
        continue
      }
      guard count > 0 else { throw .last("write to", "\(stream)") }
      rest = rest.dropFirst(count)
    }
  }

  /// Reads once from standard input, at most `room` bytes; waits until there is something, and answers 0 at its end.
  package static func read(into queue: inout ByteQueue, room: Int) throws(SystemFailure) -> Int {
    while true {
      var number: Int32 = 0
      let count = unsafe queue.fill(room: room) { free in
        let count = unsafe Glibc.read(0, free.baseAddress!, room)
        if count < 0 { number = errno }
        return max(count, 0)
      }
      switch number {
      case 0: return count
      case EINTR: continue
      case EAGAIN: wait(for: POLLIN, on: 0)
      default: throw SystemFailure(call: "read from", subject: "standard input", number: number)
      }
    }
  }

  /// Waits until standard input or a socket has something to read, and answers whether it is standard input.
  package static func inputIsNext(before socket: borrowing Socket) -> Bool {
    var watched = [pollfd(fd: 0, events: Int16(POLLIN), revents: 0), pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)]
    while unsafe poll(&watched, 2, -1) < 0, errno == EINTR {}
    return watched[0].revents != 0
  }

  private static func wait(for events: Int32, on descriptor: Int32) {
    var watched = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    _ = unsafe poll(&watched, 1, -1)
  }
}

extension Host.StandardStream: CustomStringConvertible {
  package var description: String {
    switch self {
    case .output: "standard output"
    case .error: "standard error"
    }
  }
}

extension Socket {
  /// What a socket is waited for.
  package enum Readiness: Sendable {
    /// Something to read, or the end.
    case reading
    /// Room for writing, or the end of connecting.
    case writing
  }

  /// Waits until the socket is ready, for programs without a loop; false when the time is over.
  package func wait(for readiness: Readiness, upTo patience: Duration) -> Bool {
    let (seconds, fraction) = patience.components
    let milliseconds = seconds * 1000 + fraction / 1_000_000_000_000_000
    guard milliseconds > 0 else { return false }
    var watched = pollfd(fd: number, events: Int16(readiness == .reading ? POLLIN : POLLOUT), revents: 0)
    return unsafe poll(&watched, 1, Int32(clamping: milliseconds)) != 0
  }

  /// Lets some time go by before a connection is tried again.
  package static func pause() { _ = poll(nil, 0, 20) }
}
