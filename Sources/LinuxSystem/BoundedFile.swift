// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A small local file that is read in one go.
enum BoundedFile {
  /// The file's bytes; nil when it cannot be read or is longer than `limit`.
  static func bytes(of path: String, limit: Int) -> [UInt8]? {
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard number >= 0 else { return nil }
    let file = Descriptor(owning: number)
    var bytes: [UInt8] = []
    while bytes.count <= limit {
      let room = min(max(4096, bytes.count), limit + 1 - bytes.count)
      var failure: Int32 = 0
      let piece = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
        let answer = unsafe read(file.number, buffer.baseAddress!, room)
        if answer < 0 { failure = errno }
        count = max(answer, 0)
      }
      if failure == EINTR { continue }
      guard failure == 0 else { return nil }
      if piece.isEmpty { return bytes }
      bytes += piece
    }
    return nil
  }

  /// Where a symbolic link points; nil when it is none.
  static func target(of path: String) -> String? {
    let room = 512
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
      let answer = unsafe readlink(path, UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self), room)
      count = max(answer, 0)
    }
    return bytes.isEmpty || bytes.count == room ? nil : String(validating: bytes, as: UTF8.self)
  }
}
