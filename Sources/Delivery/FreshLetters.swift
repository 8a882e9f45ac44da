// SPDX-License-Identifier: Apache-2.0
import Mail
import Spool

/// Letters that were just accepted and have not been tried: they go out from memory and are never read back.
///
/// Bounded; what does not fit is read from the spool when its turn comes.
struct FreshLetters {
  private var letters: [MessageID: StoredLetter] = [:]
  private var bytes = 0

  /// Keeps a letter if there is room.
  mutating func keep(_ letter: StoredLetter) {
    guard letters.count < FreshLetters.mostLetters, bytes + letter.bytesInMemory <= FreshLetters.mostBytes else { return }
    letters[letter.id] = letter
    bytes += letter.bytesInMemory
  }

  /// Gives a letter away.
  mutating func take(_ id: MessageID) -> StoredLetter? {
    guard let letter = letters.removeValue(forKey: id) else { return nil }
    bytes -= letter.bytesInMemory
    return letter
  }

  /// Gives all the memory back.
  mutating func removeAll() {
    letters = [:]
    bytes = 0
  }

  private static let mostLetters = 10_000
  private static let mostBytes = 32 * 1_048_576
}
