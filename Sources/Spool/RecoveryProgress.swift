// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// How far recovery has come; written by a worker, read by the loop.
final class RecoveryProgress: Sendable {
  private let done = Atomic<Int>(0)
  private let total = Atomic<Int>(0)

  /// Notes how many bytes there are.
  func begin(total bytes: Int) { total.store(bytes, ordering: .relaxed) }

  /// Notes that so many more bytes are done.
  func advance(by bytes: Int) { done.add(bytes, ordering: .relaxed) }

  /// The bytes done, and all bytes.
  var present: (done: Int, total: Int) { (done.load(ordering: .relaxed), total.load(ordering: .relaxed)) }
}
