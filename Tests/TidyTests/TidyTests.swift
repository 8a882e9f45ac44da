// SPDX-License-Identifier: Apache-2.0
internal import Testing

/// The house rules that a machine can check. Each failure says where, what, and what to do.
@Suite struct TidyTests {
  let tree: SourceTree
  let sources: [SwiftFile]
  let tests: [SwiftFile]

  init() throws {
    tree = try SourceTree.own.get()
    sources = tree.sources
    tests = tree.tests
  }

  private static let written = [
    ".swift", ".c", ".h", ".sh", ".py", ".conf", ".service", ".socket", ".sysusers", "Makefile", ".ci/run", ".ci/packages",
  ]

  private var writtenFiles: [String] { tree.paths.filter { path in TidyTests.written.contains { path.hasSuffix($0) } } }

  @Test func `every written file has at most 400 lines of at most 140 characters`() throws {
    for path in writtenFiles where path != "conf/posthouse.conf" {
      let lines = try tree.text(path).split(separator: "\n", omittingEmptySubsequences: false)
      // The sample is written by the table of settings, and as long as that.
      let isShort = lines.count <= 401 || path == "conf/posthouse.conf"
      #expect(isShort, "\(path) has \(lines.count) lines; look for a second noun in it and give that a file of its own")
      for (index, line) in lines.enumerated() where line.count > 140 {
        Issue.record("\(path):\(index + 1) has \(line.count) characters; break the line before the 140th")
      }
    }
  }

  @Test func `every function has at most 60 lines`() {
    for file in sources + tests {
      for function in FunctionLengths(file).functions where function.length > 60 {
        Issue.record("\(file.path):\(function.line): \(function.name) has \(function.length) lines; take a step out and give it a name")
      }
    }
  }

  @Test func `every written file names its licence at its head`() throws {
    for path in writtenFiles {
      let head = try tree.text(path).split(separator: "\n", omittingEmptySubsequences: false).prefix(2)
      #expect(
        head.contains { $0.contains("SPDX-License-Identifier: Apache-2.0") },
        "\(path) has no licence; begin it with a comment line \"SPDX-License-Identifier: Apache-2.0\", after a #! line if it has one")
    }
  }

  @Test func `no type has a name that says nothing`() {
    for file in sources + tests {
      for (name, line) in file.types {
        guard let word = TypeNames.emptyWord(in: name) else { continue }
        Issue.record("\(file.path):\(line): \"\(word)\" in \(name) says nothing; name what it is in the trade")
      }
    }
  }

  @Test func `nothing in Sources needs Foundation`() {
    for file in sources {
      for (module, line) in file.imports where module.hasPrefix("Foundation") {
        Issue.record("\(file.path):\(line): Foundation costs megabytes and milliseconds; use Glibc and our own rooms")
      }
    }
  }

  @Test(arguments: [
    ("try!", "throw or handle the error"), ("as!", "use as? and say what happens otherwise"),
    ("fatalError", "use precondition with the invariant in words"), ("public", "between targets the word is package"),
  ])
  func `the code does without words that crash or open too far`(_ word: String, _ remedy: String) {
    for file in sources + tests {
      for line in file.lines(using: word) { Issue.record("\(file.path):\(line): \(word) is not used in this house; \(remedy)") }
    }
  }

  @Test func `nothing is left to be done later`() throws {
    // Taken apart here, so that this file does not find itself.
    let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
    for path in writtenFiles + tree.paths.filter({ $0.hasSuffix(".md") }) {
      for (index, line) in try tree.text(path).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        let found = line.split { !$0.isLetter }.first { words.contains(String($0)) }
        if let found { Issue.record("\(path):\(index + 1): \(found) is left behind; do it now, or write down for whom it waits elsewhere") }
      }
    }
  }

  @Test func `no test is switched off`() {
    for file in tests {
      for word in [".disabled(", "withKnownIssue", "XCTSkip"] {
        for line in file.lines(using: word) where !file.code[line - 1].contains(".disabled(if:") {
          Issue.record("\(file.path):\(line): \(word) hides a failure; mend it or take the test out")
        }
      }
    }
  }

  @Test func `what the compiler cannot check names the thread or lock that makes it right`() {
    for file in sources + tests {
      for word in ["@unchecked Sendable", "nonisolated(unsafe)"] {
        for line in file.lines(using: word) where !file.isExplained(line: line, by: ["thread", "lock", "loop", "atomic", "nobody"]) {
          Issue.record(
            "\(file.path):\(line): \(word) stands without its reason; say in the comment above which thread or lock makes it right")
        }
      }
    }
  }

  @Test func `unsafe stands only in the rooms that touch foreign memory`() {
    for file in sources where !LayerTable.unsafeRooms.contains(file.target) {
      for line in file.lines(using: "unsafe") {
        Issue.record(
          "\(file.path):\(line): \(file.target) must do without unsafe; give LinuxSystem or the room of the library a safe call for it")
      }
    }
  }

  @Test func `the top of the repository has nothing but what belongs there`() {
    let allowed: Set<String> = [
      ".ci", ".gitignore", ".swift-format", "CHANGELOG.md", "LICENSE", "Makefile", "Package.swift", "README.md", "Sources", "Tests", "conf",
      "docs", "sections.ld", "systemd",
    ]
    for name in tree.top.subtracting(allowed).sorted() {
      Issue.record("\"\(name)\" does not belong at the top; put it into docs, conf, Tests or .gitignore")
    }
  }

  @Test func `nothing that a program makes is kept in the repository`() {
    let made = [".o", ".a", ".so", ".pyc", ".swiftmodule", ".profraw", ".log", ".orig", ".rej", "~", ".swp", ".resolved", "/core"]
    for path in tree.paths where made.contains(where: { path.hasSuffix($0) }) {
      Issue.record("\(path) is made by a program; remove it and name it in .gitignore")
    }
  }
}
