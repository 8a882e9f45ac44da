// SPDX-License-Identifier: Apache-2.0
package import LinuxSystem
package import Octets
package import TLSTerms
package import Timekeeping

/// One end of a conversation: a stream with what has arrived and what shall leave.
///
/// It lives as a local variable of the session that speaks. Bytes that wait are handed out without suspending; answers are collected
/// and leave together just before the session would wait, so that a pipelined burst costs one read and one write. An idle wire holds no
/// buffers.
package struct Wire: ~Copyable {
  /// The stream beneath.
  package var stream: any ByteStream
  /// What has arrived and was not consumed.
  package var input = ByteQueue()
  /// What shall leave with the next ``flush(until:)`` or ``fill(until:)``.
  package var output = ByteQueue()
  private var appetite = Wire.smallestRead

  /// A wire over an open stream.
  package init(_ stream: any ByteStream) { self.stream = stream }

  /// Sends what shall leave, then brings at least one new byte into ``input``. A wire that is not idle keeps small buffers meanwhile.
  @Loop package mutating func fill(until deadline: Moment, isIdle: Bool = true) async throws(WireFailure) {
    do throws(WireFailure) {
      // Mostly everything leaves at once, and a call that might wait costs more than one that cannot.
      if try !send() { try await flush(until: deadline) }
    } catch {
      switch error {
      case .timedOut, .cancelled, .lineTooLong: throw error
      case .ended, .system, .tls:
        // The way out is broken; what came in before may still be an answer that counts.
        output.removeAll()
        guard case .bytes = stream.read(into: &input, room: appetite) else { throw error }
        return
      }
    }
    while true {
      let waiting = input.count
      switch stream.isWorthReading ? stream.read(into: &input, room: appetite) : .notNow {
      case .bytes(let count):
        appetite = count >= appetite ? min(appetite * 2, Wire.largestRead) : max(Wire.smallestRead, appetite / 2)
        if input.count > waiting { return }
      case .notNow:
        let kept = isIdle ? 0 : Wire.smallestRead
        input.releaseIfEmpty(largerThan: kept)
        output.releaseIfEmpty(largerThan: kept)
        appetite = Wire.smallestRead
        try WireFailure.check(await stream.readable.wait(until: deadline))
      case .ended: throw .ended
      case .failed(let failure): throw failure
      }
    }
  }

  /// Sends everything that shall leave.
  @Loop package mutating func flush(until deadline: Moment) async throws(WireFailure) {
    while try !send() { try WireFailure.check(await stream.writable.wait(until: deadline)) }
  }

  /// Sends as much as the way out takes; whether that is everything.
  @Loop private mutating func send() throws(WireFailure) -> Bool {
    while !output.isEmpty || stream.holdsUnsentBytes {
      switch stream.write(from: &output) {
      case .bytes: continue
      case .notNow: return false
      case .ended: throw .ended
      case .failed(let failure): throw failure
      }
    }
    return true
  }

  /// The length of the next line with its line feed, once it is here; `limit` bounds it.
  @Loop package mutating func nextLine(limit: Int, until deadline: Moment) async throws(WireFailure) -> Int {
    var searched = 0
    while true {
      if let end = input.firstIndex(of: 0x0a, from: searched) {
        if end >= limit { throw .lineTooLong }
        return end + 1
      }
      searched = input.count
      if searched >= limit { throw .lineTooLong }
      try await fill(until: deadline)
    }
  }

  private static let smallestRead = 4096
  private static let largestRead = 65_536
}

/// Why a conversation cannot go on.
package enum WireFailure: Error, Equatable, Sendable {
  /// The other side closed the connection.
  case ended
  /// The other side was silent for too long.
  case timedOut
  /// We want to end it.
  case cancelled
  /// A line is longer than allowed.
  case lineTooLong
  /// TLS has failed, or the other side is not who it should be.
  case tls(TLSFailure)
  /// The system says the connection is broken, or never came about.
  case system(SystemFailure)

  /// Turns the end of a wait into an error unless it was a good one.
  package static func check(_ wake: Wake) throws(WireFailure) {
    switch wake {
    case .ready: return
    case .timedOut: throw .timedOut
    case .cancelled: throw .cancelled
    }
  }
}

extension WireFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .ended: "the connection was closed by the other side"
    case .timedOut: "the other side did not answer in time"
    case .cancelled: "the connection was given up"
    case .lineTooLong: "the other side sent a line that is too long"
    case .tls(let failure): "\(failure)"
    case .system(let failure): "\(failure)"
    }
  }
}
