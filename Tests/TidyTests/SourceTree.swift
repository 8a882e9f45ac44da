// SPDX-License-Identifier: Apache-2.0
internal import Harness

/// Every file of the project, as the working tree has it.
struct SourceTree {
  /// The directory with `Package.swift`.
  let root: String
  /// Paths below the root, sorted; what `.gitignore` names at the top is left out.
  let paths: [String]
  /// Every Swift file below `Sources`.
  let sources: [SwiftFile]
  /// Every Swift file below `Tests`.
  let tests: [SwiftFile]

  /// The tree that these tests were compiled from, read once.
  static let own = Result { try SourceTree() }

  private init(_ testFile: String = #filePath) throws {
    // Tests/TidyTests/SourceTree.swift
    root = testFile.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    let ignored = try Files.text(at: "\(root)/.gitignore").split(separator: "\n").filter { $0.hasPrefix("/") }
    let left = Set(ignored.map { $0.split(separator: "/").joined() } + [".git", ".swiftpm"])
    var paths: [String] = []
    var waiting = try Files.names(in: root).filter { !left.contains($0) }
    while let path = waiting.popLast() {
      if Files.isDirectory("\(root)/\(path)") {
        waiting += try Files.names(in: "\(root)/\(path)").map { "\(path)/\($0)" }
      } else {
        paths.append(path)
      }
    }
    self.paths = paths.sorted()
    sources = try SourceTree.swiftFiles(below: "Sources", root, self.paths)
    tests = try SourceTree.swiftFiles(below: "Tests", root, self.paths)
  }

  /// The names at the top.
  var top: Set<String> { Set(paths.compactMap { $0.split(separator: "/").first.map(String.init) }) }

  /// The text of a file.
  func text(_ path: String) throws -> String { try Files.text(at: "\(root)/\(path)") }

  private static func swiftFiles(below folder: String, _ root: String, _ paths: [String]) throws -> [SwiftFile] {
    try paths.filter { $0.hasPrefix(folder + "/") && $0.hasSuffix(".swift") }.map { SwiftFile($0, try Files.text(at: "\(root)/\($0)")) }
  }
}
