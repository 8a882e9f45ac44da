// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
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
    guard !hasEnded else { return }
    do throws(SystemFailure) {
      hasEnded = try StandardStreams.read(into: &bytes, room: StandardInput.longestPiece) == 0
    } catch { throw SendmailFailure(.ioError, "\(error)") }
  }
}
