// SPDX-License-Identifier: Apache-2.0
internal import Testing

/// The tidy tests see what they are meant to see.
@Suite struct ScannerTests {
  @Test(arguments: [
    ("a // b", "a     "),
    ("a /* b /* c */ d */ e", "a                   e"),
    ("f(\"x // y\")", "f(        )"),
    ("\"a\\\"b\" c", "       c"),
    ("\"\\(try! x)\" y", "  (try! x)  y"),
    ("#\"a\"b\\(c)\"# d", "            d"),
    ("\"\"\"\n a \"b\" try!\n \"\"\" c", "   \n           \n     c"),
    ("\"\\(f(\"inner\"))\" z", "  (f(       ))  z"),
  ])
  func `comments and literals are blanked, code stays`(_ source: String, _ expected: String) {
    #expect(CodeExtract(source).text == expected)
  }

  @Test func `functions are measured between their braces`() {
    let source = """
      protocol P {
        func none() throws -> Int
        init(x: Int)
      }
      struct S {
        func one(a: () -> Void = {}) {
          a()
        }
        init?(
          b: Int
        ) where T: P
        {
          // "}"
          let c = { $0 }
          _ = c
        }
        static func empty() {}
        subscript(i: Int) -> Int { i }
        deinit {
          x()
        }
        let initial = 3
      }
      """
    let functions = FunctionLengths(SwiftFile("f.swift", source)).functions
    #expect(functions.map(\.name) == ["one", "init", "empty", "subscript", "deinit"])
    #expect(functions.map(\.length) == [1, 3, 0, 0, 1])
  }

  @Test func `imports are found in all their forms`() {
    let source = "internal import A\npackage import B\nimport struct C.D\n@testable import E\n// import F\nlet x = \"import G\"\n"
    #expect(SwiftFile("f.swift", source).imports.map(\.module) == ["A", "B", "C", "E"])
  }

  @Test func `words are found as words`() {
    let file = SwiftFile("f.swift", "try! a\nmytry! b\n\"try! c\"\npublicly\npublic\nx as! Y\n")
    #expect(file.lines(using: "try!") == [1])
    #expect(file.lines(using: "public") == [5])
    #expect(file.lines(using: "as!") == [6])
  }

  @Test func `a reason is looked for in the comment above, past attributes`() {
    let file = SwiftFile(
      "f.swift",
      "/// Guarded by a lock.\n@safe\nfinal class A: @unchecked Sendable {}\n\n/// Fine.\nfinal class B: @unchecked Sendable {}\n")
    #expect(file.isExplained(line: 3, by: ["lock"]))
    #expect(!file.isExplained(line: 6, by: ["lock"]))
  }

  @Test(arguments: [
    ("SessionManager", "Manager"), ("TaskHandlerList", "Handler"), ("UserInfo", "Info"), ("Data", "Data"), ("HTTPImpl", "Impl"),
    ("DataTimeout", nil), ("Informant", nil), ("SMTPBase", "Base"), ("Baseline", nil), ("ManagedBuffer", nil),
  ])
  func `empty words in names are found`(_ name: String, _ word: String?) {
    #expect(TypeNames.emptyWord(in: name) == word)
  }
}
