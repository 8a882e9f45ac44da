// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// What was used up of a daily limit in the last 24 hours, in slices of 15 minutes, so that it can be stored and survives a restart.
///
/// Providers count over the last 24 hours and not by calendar days; a slice counts until all of it is over a day old. It goes by civil
/// time, which may jump: when the clock is set back, what seems to lie in the future counts as spent now, so that a wrong year blocks
/// nothing for longer than a day.
package struct DailySpending: Hashable, Sendable {
  private var slices: [Slice] = []

  /// Nothing was spent.
  package init() {}

  /// What a text says that ``description`` wrote; nil when it is none.
  package init?(_ text: String) {
    for word in text.split(separator: " ") {
      let parts = word.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, let number = Int64(parts[0]), let count = Int(parts[1]), count > 0, count < 1 << 32 else { return nil }
      guard slices.last.map({ $0.number < number }) ?? true, slices.count <= DailySpending.window else { return nil }
      slices.append(Slice(number: number, count: count))
    }
  }

  /// How much was spent in the 24 hours before `now`.
  package func total(at now: WallTime) -> Int {
    let oldest = DailySpending.slice(at: now) - Int64(DailySpending.window)
    return slices.reduce(0) { $1.number >= oldest ? $0 + $1.count : $0 }
  }

  /// Spends.
  package mutating func add(_ cost: Int, at now: WallTime) {
    guard cost > 0 else { return }
    settle(at: now)
    let number = DailySpending.slice(at: now)
    if slices.last?.number == number {
      slices[slices.count - 1].count += cost
    } else {
      slices.append(Slice(number: number, count: cost))
    }
  }

  /// Takes back what was spent last and was not needed.
  package mutating func remove(_ cost: Int) {
    var left = cost
    while left > 0, let last = slices.indices.last {
      let part = min(left, slices[last].count)
      slices[last].count -= part
      left -= part
      if slices[last].count == 0 { slices.removeLast() }
    }
  }

  /// From when on `cost` more stay within `limit`. What costs more than the whole limit waits until nothing else counts.
  package func roomAt(_ cost: Int, limit: Int, now: WallTime) -> WallTime {
    var current = self
    current.settle(at: now)
    var total = current.slices.reduce(0) { $0 + $1.count }
    guard total > 0, total + cost > limit else { return now }
    for slice in current.slices {
      total -= slice.count
      if total == 0 || total + cost <= limit {
        return WallTime(microseconds: (slice.number + Int64(DailySpending.window) + 1) * DailySpending.sliceLength)
      }
    }
    return now
  }

  /// Forgets what is over a day old, and counts what lies in the future as spent now.
  private mutating func settle(at now: WallTime) {
    let number = DailySpending.slice(at: now)
    slices.removeAll { $0.number < number - Int64(DailySpending.window) }
    let future = slices.reduce(0) { $1.number > number ? $0 + $1.count : $0 }
    guard future > 0 else { return }
    slices.removeAll { $0.number > number }
    if slices.last?.number == number {
      slices[slices.count - 1].count += future
    } else {
      slices.append(Slice(number: number, count: future))
    }
  }

  private struct Slice: Hashable {
    let number: Int64
    var count: Int
  }

  private static func slice(at time: WallTime) -> Int64 {
    let (quotient, remainder) = time.microseconds.quotientAndRemainder(dividingBy: sliceLength)
    return remainder < 0 ? quotient - 1 : quotient
  }

  private static let sliceLength: Int64 = 900_000_000
  /// How many whole slices a day has.
  private static let window = 96
}

extension DailySpending: CustomStringConvertible {
  /// The form to be stored: `1888012:5 1888015:20`, a slice's number since the epoch and what was spent in it.
  package var description: String { slices.map { "\($0.number):\($0.count)" }.joined(separator: " ") }
}
