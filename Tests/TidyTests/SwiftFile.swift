// SPDX-License-Identifier: Apache-2.0
/// A Swift file as the tidy tests see it: as written, and as code alone.
struct SwiftFile {
  /// Where it is, below the root of the project.
  let path: String
  /// Its lines as written.
  let lines: [Substring]
  /// The same lines with comments and the text of string literals replaced by blanks; code in interpolations stays.
  let code: [Substring]

  init(_ path: String, _ text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    code = CodeExtract(text).text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// The target the file belongs to.
  var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

  /// The modules it imports, with line numbers from 1.
  var imports: [(module: String, line: Int)] {
    code.enumerated().compactMap { index, line in
      var words = line.split { $0 == " " || $0 == "." }[...]
      while let first = words.first, ["internal", "package", "private", "fileprivate", "public"].contains(first) || first.hasPrefix("@") {
        words = words.dropFirst()
      }
      guard words.first == "import", let last = words.dropFirst().first else { return nil }
      let kinds: [Substring] = ["class", "struct", "enum", "protocol", "func", "var", "let", "typealias"]
      guard kinds.contains(last), let module = words.dropFirst(2).first else { return (String(last), index + 1) }
      return (String(module), index + 1)
    }
  }

  /// Every use of a word in the code, by line number from 1. A word ends where neither letter, digit nor underscore follows.
  func lines(using word: String) -> [Int] {
    code.indices.filter { SwiftFile.has(word, in: code[$0]) }.map { $0 + 1 }
  }

  /// Whether the comment right above a line, attributes passed over, or right below it has one of these words.
  func isExplained(line number: Int, by words: [String]) -> Bool {
    var index = number - 2
    var comment = number < lines.count && lines[number].contains("//") ? String(lines[number]) : ""
    while index >= 0 {
      let line = lines[index].drop { $0 == " " }
      if line.hasPrefix("//") { comment += line } else if !line.hasPrefix("@") { break }
      index -= 1
    }
    return words.contains { comment.lowercased().contains($0) }
  }

  /// The types it declares, with line numbers from 1.
  var types: [(name: String, line: Int)] {
    let kinds: Set<Substring> = ["class", "struct", "enum", "actor", "protocol", "typealias"]
    return code.enumerated().flatMap { index, line in
      let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
      return zip(words, words.dropFirst()).compactMap { word, name in
        kinds.contains(word) && name.first?.isUppercase == true ? (String(name), index + 1) : nil
      }
    }
  }

  private static func has(_ word: String, in line: Substring) -> Bool {
    line.ranges(of: word).contains { range in
      let before = range.lowerBound == line.startIndex ? nil : line[line.index(before: range.lowerBound)]
      let after = range.upperBound == line.endIndex ? nil : line[range.upperBound]
      let last = word.last ?? " "
      return !isPart(before) && (!isPart(after) || !isPart(last))
    }
  }

  private static func isPart(_ character: Character?) -> Bool {
    character.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
  }
}
