// SPDX-License-Identifier: Apache-2.0
/// What one try to read or write came to; nothing of it waits.
package enum Transfer<Failure: Error & Equatable & Sendable>: Equatable, Sendable {
  /// So many bytes moved.
  case bytes(Int)
  /// Nothing can move now.
  case notNow
  /// The other side will send no more; never the answer to a write.
  case ended
  /// The connection is broken.
  case failed(Failure)
}
