// SPDX-License-Identifier: Apache-2.0
internal import Mail

/// Settlements that wait for a batch to ride in.
///
/// They wait in waves, each as many as one batch takes. Several changes of one message in the newest wave become one record; in an
/// older wave they stay as they are, and what comes later stands behind them in the journal. Invariant: no wave is empty.
struct SettlementQueue {
  private var waves: [Wave] = []
  private var places: [UInt64: Int] = [:]
  private var isNewestOpen = false
  private let waveLimit: Int

  /// An empty queue whose waves take so many bytes, and one settlement more.
  init(waveLimit: Int) { self.waveLimit = waveLimit }

  /// Settlements of one batch.
  struct Wave {
    var settlements: [SettledRecord] = []
    /// How long their records are at most.
    var length = 0
    /// Who waits until they are durable.
    var waiters: [Waiter] = []
  }

  /// Whether nothing waits.
  var isEmpty: Bool { waves.isEmpty }

  /// Whether somebody waits for what is here.
  var isAwaited: Bool { waves.contains { !$0.waiters.isEmpty } }

  /// Whether there is enough for a batch of its own.
  var isPlenty: Bool { waves.count > 1 }

  /// How many wait.
  var count: Int { waves.reduce(0) { $0 + $1.settlements.count } }

  /// Adds a settlement, or makes it one with an earlier one of the same message.
  mutating func append(_ settlement: SettledRecord, waiter: Waiter?) {
    if !isNewestOpen || waves[waves.count - 1].length >= waveLimit {
      waves.append(Wave())
      places.removeAll(keepingCapacity: true)
      isNewestOpen = true
    }
    let last = waves.count - 1
    waves[last].length += settlement.lengthEstimate
    if let place = places[settlement.id.number] {
      waves[last].settlements[place].merge(settlement)
    } else {
      places[settlement.id.number] = waves[last].settlements.count
      waves[last].settlements.append(settlement)
    }
    if let waiter { waves[last].waiters.append(waiter) }
  }

  /// The settlements of a message that wait, in their order.
  func settlements(of id: MessageID) -> [SettledRecord] { waves.flatMap { $0.settlements.filter { $0.id == id } } }

  /// Those who wait for any of this; they do so no more.
  mutating func takeWaiters() -> [Waiter] {
    let waiters = waves.flatMap(\.waiters)
    for place in waves.indices { waves[place].waiters = [] }
    return waiters
  }

  /// Takes the oldest wave; an empty one when nothing waits.
  mutating func takeWave() -> Wave {
    if waves.count <= 1 { isNewestOpen = false }
    return waves.isEmpty ? Wave() : waves.removeFirst()
  }

  /// Puts back a wave that could not be written; answers who waited for it, and does so no more.
  mutating func putBack(_ wave: Wave) -> [Waiter] {
    if !wave.settlements.isEmpty { waves.insert(Wave(settlements: wave.settlements, length: wave.length), at: 0) }
    if waves.count <= 1 { isNewestOpen = false }
    return wave.waiters
  }
}

extension SettledRecord {
  /// No less than the length of the record.
  var lengthEstimate: Int { outcomes.reduce(96) { $0 + 16 + $1.outcome.reason.status.utf8.count + $1.outcome.reason.text.utf8.count } }

  /// Takes in a later change of the same message.
  mutating func merge(_ later: SettledRecord) {
    if later.reopensFailed {
      reopensFailed = true
      for place in outcomes.indices where outcomes[place].outcome.verdict == .failed { outcomes[place].outcome.verdict = .deferred }
    }
    for (index, outcome) in later.outcomes {
      if let place = outcomes.firstIndex(where: { $0.index == index }) {
        outcomes[place].outcome = outcome
      } else {
        outcomes.append((index, outcome))
      }
    }
    removesBody = removesBody || later.removesBody
    (time, state, attempts, nextAttempt) = (later.time, later.state, later.attempts, later.nextAttempt)
  }
}
