// SPDX-License-Identifier: Apache-2.0
/// Which words in the name of a type say nothing.
enum TypeNames {
  /// Words that say nothing wherever they stand.
  private static let anywhere: Set<String> = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Handler", "Impl"]
  /// Words that say nothing as the last.
  private static let last: Set<String> = ["Data", "Info", "Base"]

  /// The first such word, or nil.
  static func emptyWord(in name: String) -> String? {
    let words = words(of: name)
    if let word = words.first(where: anywhere.contains) { return word }
    return words.last.flatMap { last.contains($0) ? $0 : nil }
  }

  /// `HTTPRequestInfo` is HTTP, Request, Info.
  private static func words(of name: String) -> [String] {
    var words: [String] = []
    var previous: Character?
    for character in name {
      if character.isUppercase, previous?.isUppercase != true || words.isEmpty {
        words.append("")
      } else if character.isLowercase, previous?.isUppercase == true, let word = words.last, word.count > 1 {
        words[words.count - 1].removeLast()
        words.append(previous.map(String.init) ?? "")
      }
      if words.isEmpty { words.append("") }
      words[words.count - 1].append(character)
      previous = character
    }
    return words
  }
}
