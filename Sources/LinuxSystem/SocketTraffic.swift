// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import Octets

/// The two ways of a socket that somebody else keeps open: a plain number, so that reading and writing borrow nothing.
package struct SocketTraffic {
  private let number: Int32

  init(number: Int32) { self.number = number }

  /// Reads once into `queue`, at most `room` bytes; fewer mean that nothing more was there.
  package func read(into queue: inout ByteQueue, room: Int) -> Transfer<SystemFailure> {
    var failure: Int32 = 0
    let count = unsafe queue.fill(room: room) { free in
      let count = unsafe Glibc.read(number, free.baseAddress!, room)
      if count < 0 { failure = errno }
      return max(count, 0)
    }
    if count > 0 { return .bytes(count) }
    if failure == 0 { return .ended }
    return failure == EAGAIN || failure == EINTR
      ? .notNow : .failed(SystemFailure(call: "read from", subject: "a connection", number: failure))
  }

  /// Reads as ``read(into:room:)`` does; where the queue has no room yet, through `buffer`, so that it takes no more than what came.
  package func read(into queue: inout ByteQueue, room: Int, through buffer: ReadBuffer) -> Transfer<SystemFailure> {
    if queue.room >= room { return read(into: &queue, room: room) }
    return unsafe buffer.lend { memory in
      // The memory is lent for the call, and read only as far as it was written.
      let count = unsafe Glibc.read(number, memory.baseAddress!, min(room, memory.count))
      if count > 0 {
        unsafe queue.append(Span(_unsafeElements: UnsafeRawBufferPointer(rebasing: memory[..<count]).assumingMemoryBound(to: UInt8.self)))
        return .bytes(count)
      }
      if count == 0 { return .ended }
      let failure = errno
      return failure == EAGAIN || failure == EINTR
        ? .notNow : .failed(SystemFailure(call: "read from", subject: "a connection", number: failure))
    }
  }

  /// Writes once from the front of `queue` and forgets what was taken.
  package func write(from queue: inout ByteQueue) -> Transfer<SystemFailure> {
    let count = unsafe queue.bytes.withUnsafeBufferPointer {
      unsafe send(number, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL))
    }
    guard count >= 0 else {
      return errno == EAGAIN || errno == EINTR ? .notNow : .failed(SystemFailure.last("write to", "a connection"))
    }
    queue.consume(count)
    return .bytes(count)
  }
}
