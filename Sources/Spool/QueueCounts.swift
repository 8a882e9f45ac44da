// SPDX-License-Identifier: Apache-2.0
/// How many messages are in each state.
struct QueueCounts: Hashable, Sendable {
  private(set) var queued = 0
  private(set) var held = 0
  private(set) var failed = 0

  /// No messages.
  init() {}

  /// The messages in an index.
  init(_ index: QueueIndex) {
    index.forEach { entry in
      move(from: nil, to: entry.state)
      return true
    }
  }

  /// Counts a message out of one state and into another; nil is outside.
  mutating func move(from old: QueueState?, to new: QueueState?) {
    if let old { change(old, by: -1) }
    if let new { change(new, by: 1) }
  }

  private mutating func change(_ state: QueueState, by count: Int) {
    switch state {
    case .queued: queued += count
    case .held: held += count
    case .failed: failed += count
    }
  }
}
