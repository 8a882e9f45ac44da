// SPDX-License-Identifier: Apache-2.0
/// A place that many sockets are read through, one after the other: each keeps only what came, and an idle one keeps nothing.
///
/// Safe, because the memory is its own from beginning to end and lent only for the length of a call.
@safe package final class ReadBuffer {
  private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 64)

  /// A buffer; nothing is in it between two reads.
  package init() {}

  deinit { unsafe memory.deallocate() }

  /// Lends the memory.
  func lend<Answer>(_ body: (UnsafeMutableRawBufferPointer) -> Answer) -> Answer { unsafe body(memory) }
}
