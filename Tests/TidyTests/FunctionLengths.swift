// SPDX-License-Identifier: Apache-2.0
/// The functions of a file and how long their bodies are.
struct FunctionLengths {
  /// One function, initialiser or subscript.
  struct Function: Equatable {
    /// What stands after the keyword, up to the parenthesis.
    let name: String
    /// The line of its keyword, from 1.
    let line: Int
    /// How many lines stand between its braces.
    let length: Int
  }

  /// All of them that have a body.
  private(set) var functions: [Function] = []

  init(_ file: SwiftFile) {
    for (index, line) in file.code.enumerated() {
      guard let name = FunctionLengths.name(declaredIn: line) else { continue }
      guard let length = FunctionLengths.bodyLength(in: file.code[index...]) else { continue }
      functions.append(Function(name: name, line: index + 1, length: length))
    }
  }

  private static func name(declaredIn line: Substring) -> String? {
    let words = line.split { $0 == " " }
    for (index, word) in words.enumerated() {
      if word == "func", index + 1 < words.count { return String(words[index + 1].prefix { $0 != "(" && $0 != "<" }) }
      if word == "deinit" { return "deinit" }
      for keyword in ["init", "subscript"] where word.hasPrefix(keyword) {
        guard let next = word.dropFirst(keyword.count).first, "(?<!".contains(next) else { continue }
        return keyword
      }
      guard modifiers.contains(String(word.prefix { $0 != "(" })) || word.hasPrefix("@") else { return nil }
    }
    return nil
  }

  private static let modifiers: Set<String> = [
    "package", "private", "fileprivate", "internal", "static", "mutating", "consuming", "borrowing", "override", "final", "nonisolated",
    "convenience", "required", "isolated", "class",
  ]

  /// The lines between the braces of the declaration that begins on the first line; nil when it has none, as in a protocol.
  private static func bodyLength(in lines: ArraySlice<Substring>) -> Int? {
    var depth = 0
    var opened: Int?
    for index in lines.indices {
      for character in lines[index] {
        switch character {
        case "(", "[": if opened == nil { depth += 1 }
        case ")", "]": if opened == nil { depth -= 1 }
        case "{":
          if opened == nil {
            // A brace inside the parameters belongs to a default value.
            guard depth == 0 else { continue }
            opened = index
          }
          depth += 1
        case "}":
          if opened == nil {
            guard depth > 0 else { return nil }
            continue
          }
          depth -= 1
          if depth == 0, let opened { return max(0, index - opened - 1) }
        default: break
        }
      }
      if opened == nil, depth == 0, !goesOn(lines[(index + 1)...].first { !$0.allSatisfy(\.isWhitespace) }) { return nil }
    }
    return nil
  }

  /// Whether a line can only be the rest of a declaration.
  private static func goesOn(_ line: Substring?) -> Bool {
    guard let line = line?.drop(while: { $0 == " " }) else { return false }
    return ["{", "->", "where ", "throws", "async", ")"].contains { line.hasPrefix($0) }
  }
}
