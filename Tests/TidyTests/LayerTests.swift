// SPDX-License-Identifier: Apache-2.0
internal import Testing

/// The house keeps its layers: in the manifest, and in what the files really import.
@Suite struct LayerTests {
  let tree: SourceTree
  let manifest: Manifest

  init() throws {
    tree = try SourceTree.own.get()
    manifest = Manifest(try tree.text("Package.swift"))
  }

  @Test func `no room depends on one beside or above it`() {
    for (room, uses) in manifest.uses.sorted(by: { $0.key < $1.key }) {
      for used in uses {
        if let complaint = LayerTable.complaint(room, using: used) { Issue.record("Package.swift: \(complaint)") }
      }
    }
  }

  @Test func `no file imports a room beside or above its own, nor one that the manifest does not name`() {
    for file in tree.sources {
      for (module, line) in file.imports {
        if let complaint = LayerTable.complaint(file.target, using: module) {
          Issue.record("\(file.path):\(line): \(complaint)")
        } else if !LayerTable.outside.contains(module), manifest.uses[file.target]?.contains(module) != true {
          Issue.record("\(file.path):\(line): \(file.target) imports \(module) without naming it in Package.swift; add it there")
        }
      }
    }
  }

  @Test func `every folder in Sources has a layer and stands in the manifest`() {
    let folders = Set(
      tree.paths.filter { $0.hasPrefix("Sources/") }.compactMap { $0.split(separator: "/").dropFirst().first.map(String.init) })
    for folder in folders.sorted() where LayerTable.shims[folder] == nil {
      #expect(LayerTable.layer(of: folder) != nil, "Sources/\(folder) has no layer; give it one in the layer table")
      #expect(manifest.uses[folder] != nil, "Sources/\(folder) is not in Package.swift; add it there or remove it")
    }
  }

  @Test(arguments: [
    ("SMTP", "Octets", true), ("SMTP", "SMTP", false), ("SMTP", "Policy", false), ("Mail", "Spool", false), ("Spool", "Mail", true),
    ("Octets", "COctets", true), ("Mail", "COctets", false), ("TLS", "COpenSSL", true), ("Delivery", "COpenSSL", false),
    ("Mail", "Foundation", false), ("Mail", "Glibc", true), ("Attic", "Mail", false),
  ])
  func `the table allows what it should`(_ user: String, _ used: String, _ isAllowed: Bool) {
    #expect((LayerTable.complaint(user, using: used) == nil) == isAllowed)
  }

  @Test func `the manifest is read as it is written`() {
    let manifest = Manifest(
      "func room(_ n: X)\nroom(\"A\"),\n    room(\n \"B\", [\"A\", \"CC\"]),\n    program(\n      \"p\", [\"A\",\n  \"B\"]),")
    #expect(manifest.uses == ["A": [], "B": ["A", "CC"], "p": ["A", "B"]])
  }
}
