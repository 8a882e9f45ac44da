// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// A file on a real file system; the descriptor never leaves it.
final class LinuxDiskFile: DiskFile {
  private let descriptor: Int32
  private let subject: String

  /// Takes over a descriptor.
  init(_ descriptor: Int32, subject: String) {
    self.descriptor = descriptor
    self.subject = subject
  }

  deinit { close(descriptor) }

  func size() throws(SystemFailure) -> Int64 {
    let size = clinux_size(descriptor)
    if size < 0 { throw .last("look at", subject) }
    return size
  }

  func write(_ pieces: [[UInt8]], at offset: Int64) throws(SystemFailure) {
    var vector: [iovec] = unsafe []
    unsafe vector.reserveCapacity(pieces.count)
    for piece in pieces where !piece.isEmpty {
      // The address outlives the closure because `pieces` keeps every array, unchanged, until this function returns.
      unsafe piece.withUnsafeBytes { bytes in
        unsafe vector.append(iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count))
      }
    }
    let result = withExtendedLifetime(pieces) { unsafe clinux_write_all(descriptor, vector, vector.count, offset) }
    if result != 0 { throw .last("write", subject) }
  }

  func read(_ count: Int, at offset: Int64) throws(SystemFailure) -> [UInt8] {
    var got: Int64 = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      got = unsafe clinux_read_all(descriptor, buffer.baseAddress, count, offset)
      filled = max(0, Int(got))
    }
    if got < 0 { throw .last("read", subject) }
    return bytes
  }

  func fillWithZeros(upTo size: Int64) throws(SystemFailure) {
    if clinux_fill_with_zeros(descriptor, size) != 0 { throw .last("reserve room for", subject) }
  }

  func reserve(upTo size: Int64) throws(SystemFailure) {
    if clinux_reserve(descriptor, size) != 0 { throw .last("reserve room for", subject) }
  }

  func truncate(to size: Int64) throws(SystemFailure) {
    if ftruncate(descriptor, Int(size)) != 0 { throw .last("set the length of", subject) }
  }

  func sync() throws(SystemFailure) {
    if fdatasync(descriptor) != 0 { throw .last("sync", subject) }
  }
}
