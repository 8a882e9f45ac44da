// SPDX-License-Identifier: Apache-2.0
internal import Mail

/// All messages of the spool by number, in flat pieces of at most 256 entries, so that a million of them take little more than 48 MB.
///
/// Numbers grow, so a new entry nearly always goes behind the last one, and a search is a binary one over the pieces and then over
/// one of them. Invariant: no piece is empty, each is sorted, and each begins behind the end of the one before.
struct QueueIndex {
  private var pieces: [[QueueEntry]] = []
  /// How many messages there are.
  private(set) var count = 0

  private static let pieceLimit = 256

  /// A place that stays valid until the next insertion or removal.
  struct Place {
    fileprivate var piece: Int
    fileprivate var index: Int
  }

  /// The entry at a place.
  subscript(_ place: Place) -> QueueEntry {
    get { pieces[place.piece][place.index] }
    _modify { yield &pieces[place.piece][place.index] }
  }

  /// Where a message is; nil when it is not there.
  func find(_ number: UInt64) -> Place? {
    guard let piece = piece(for: number) else { return nil }
    let index = position(of: number, in: piece)
    return index < pieces[piece].count && pieces[piece][index].number == number ? Place(piece: piece, index: index) : nil
  }

  /// Adds a message, or replaces the entry with its number.
  mutating func insert(_ entry: QueueEntry) {
    guard let last = pieces.last?.last else {
      startPiece(entry, at: 0)
      return
    }
    if entry.number > last.number {
      if pieces[pieces.count - 1].count < QueueIndex.pieceLimit {
        pieces[pieces.count - 1].append(entry)
        count += 1
      } else {
        startPiece(entry, at: pieces.count)
      }
      return
    }
    let piece = piece(for: entry.number) ?? 0
    let index = position(of: entry.number, in: piece)
    if index < pieces[piece].count, pieces[piece][index].number == entry.number {
      pieces[piece][index] = entry
      return
    }
    count += 1
    if pieces[piece].count < QueueIndex.pieceLimit {
      pieces[piece].insert(entry, at: index)
      return
    }
    let half = QueueIndex.pieceLimit / 2
    var upper: [QueueEntry] = []
    upper.reserveCapacity(QueueIndex.pieceLimit)
    upper.append(contentsOf: pieces[piece][half...])
    pieces[piece].removeSubrange(half...)
    if index <= half { pieces[piece].insert(entry, at: index) } else { upper.insert(entry, at: index - half) }
    pieces.insert(upper, at: piece + 1)
  }

  /// Takes a message out.
  mutating func remove(at place: Place) {
    count -= 1
    if pieces[place.piece].count == 1 {
      pieces.remove(at: place.piece)
      return
    }
    pieces[place.piece].remove(at: place.index)
    let next = place.piece + 1
    if next < pieces.count, pieces[place.piece].count + pieces[next].count <= QueueIndex.pieceLimit / 2 {
      pieces[place.piece].append(contentsOf: pieces[next])
      pieces.remove(at: next)
    }
  }

  /// Calls `body` with every entry, in the order of the numbers, until it answers false.
  func forEach(from number: UInt64 = 0, _ body: (borrowing QueueEntry) -> Bool) {
    var piece = piece(for: number) ?? 0
    guard piece < pieces.count else { return }
    var index = position(of: number, in: piece)
    while piece < pieces.count {
      while index < pieces[piece].count {
        guard body(pieces[piece][index]) else { return }
        index += 1
      }
      piece += 1
      index = 0
    }
  }

  /// Takes out every message for which `isObsolete` answers true.
  mutating func removeAll(where isObsolete: (QueueEntry) -> Bool) {
    for piece in pieces.indices { pieces[piece].removeAll(where: isObsolete) }
    pieces.removeAll { $0.isEmpty }
    count = pieces.reduce(0) { $0 + $1.count }
  }

  private mutating func startPiece(_ entry: QueueEntry, at index: Int) {
    var piece: [QueueEntry] = []
    piece.reserveCapacity(index == 0 ? 4 : QueueIndex.pieceLimit)
    piece.append(entry)
    pieces.insert(piece, at: index)
    count += 1
  }

  /// The last piece that begins at or before a number; nil when all begin behind it.
  private func piece(for number: UInt64) -> Int? {
    var (low, high) = (0, pieces.count)
    while low < high {
      let middle = (low + high) / 2
      if pieces[middle][0].number <= number { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : low - 1
  }

  private func position(of number: UInt64, in piece: Int) -> Int {
    var (low, high) = (0, pieces[piece].count)
    while low < high {
      let middle = (low + high) / 2
      if pieces[piece][middle].number < number { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
