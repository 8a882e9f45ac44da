// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Octets

/// What a program writes into the pipe before us, or a person types.
struct StandardInput: ~Copyable {
  private var bytes = ByteQueue()
  private var hasEnded = false

  /// The most bytes that ``line()`` answers at once.
  static let longestPiece = 65_536

  /// Whether ``line()`` can answer without waiting.
  var hasLine: Bool { hasEnded || bytes.firstIndex(of: 0x0a) != nil || bytes.count >= StandardInput.longestPiece }

  /// The next bytes, as many as there are; nil at the end.
  mutating func piece(atMost limit: Int = .max) throws(SendmailFailure) -> [UInt8]? {
    if bytes.isEmpty { try fill() }
    guard !bytes.isEmpty else { return nil }
    let length = min(bytes.count, limit)
    defer { bytes.consume(length) }
    return bytes.bytes.extracting(0..<length).array
  }

  /// The next line with its end, or a piece of one that is very long; nil at the end.
  mutating func line() throws(SendmailFailure) -> [UInt8]? {
    while !hasLine { try fill() }
    guard !bytes.isEmpty else { return nil }
    let end = bytes.firstIndex(of: 0x0a).map { $0 + 1 } ?? bytes.count
    let length = min(end, StandardInput.longestPiece)
    defer { bytes.consume(length) }
    return bytes.bytes.extracting(0..<length).array
  }

  /// Reads once, waiting as long as it takes.
  mutating func fill() throws(SendmailFailure) {
    while !hasEnded {
      var number: Int32 = 0
      let count = unsafe bytes.fill(room: 65_536) { free in
        let count = unsafe read(0, free.baseAddress!, 65_536)
        if count < 0 { number = errno }
        return max(count, 0)
      }
      switch number {
      case 0:
        hasEnded = count == 0
        return
      case EINTR: continue
      case EAGAIN:
        var ready = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&ready, 1, -1)
      default:
        throw SendmailFailure(.ioError, "standard input cannot be read: \(unsafe String(cString: strerror(number)))")
      }
    }
  }
}
