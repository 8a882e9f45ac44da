// SPDX-License-Identifier: Apache-2.0
/// Looking for a part of a text, byte for byte.
///
/// The standard library's `contains` and `replacing` with more than one character belong to its engine for regular expressions, and one
/// use of them links all of it: a megabyte and a half of program, and pages that are written to at every start.
extension StringProtocol {
  /// Whether `part` stands somewhere in this text.
  package func holds(_ part: String) -> Bool {
    let (text, wanted) = (Array(utf8), Array(part.utf8))
    guard text.count >= wanted.count else { return false }
    return (0...(text.count - wanted.count)).contains { text[$0..<($0 + wanted.count)].elementsEqual(wanted) }
  }
}
