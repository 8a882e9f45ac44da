// SPDX-License-Identifier: Apache-2.0
import Glibc
import Settings
import Testing

/// The checked-in pages are what the table writes. After a change of the table run the tests once with `POSTHOUSE_WRITE_PAGES=1`.
@Suite struct WrittenPagesTests {
  static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")

  @Test(arguments: [("conf/posthouse.conf", SampleFile.text), ("docs/man/posthouse.conf.5", ManualPage.text)])
  func `a checked-in page is what the table writes`(page: String, text: String) throws {
    let path = "\(WrittenPagesTests.root)/\(page)"
    if unsafe getenv("POSTHOUSE_WRITE_PAGES") != nil { try write(text, to: path) }
    let isSame = try contents(of: path) == Array(text.utf8)
    #expect(isSame, "\(page) differs from the table of settings; run POSTHOUSE_WRITE_PAGES=1 swift test --filter WrittenPagesTests")
  }

  @Test func `the sample is read without complaint once it has an upstream`() {
    let sample = SettingsFile(name: "sample", text: SampleFile.text)
    let host = SettingsFile(name: "host", text: "[Upstream]\nHost=smtp.example.com\n")
    let reading = SettingsReading(files: [sample, host], environment: [:], systemHostname: "a.example")
    #expect(reading.errors.isEmpty)
    let uncommented = SampleFile.text.split(separator: "\n").filter { !$0.hasPrefix("# ") && !$0.hasSuffix("=") && $0 != "#" }
    let text = uncommented.map { $0.hasPrefix("#") ? $0.dropFirst() : $0 }.joined(separator: "\n")
    let filled = SettingsReading(files: [SettingsFile(name: "filled", text: text), host], environment: [:], systemHostname: "a.example")
    #expect(filled.errors.isEmpty, "\(filled.errors)")
    #expect(filled.settings.differences(from: reading.settings).isEmpty)
  }

  @Test func `the manual names every setting`() {
    for setting in SettingsTable.settings {
      #expect(ManualPage.text.contains("\\fB\(setting.name)=\\fR"))
    }
    for setting in SettingsTable.unnamed { #expect(ManualPage.text.contains(setting.variable)) }
  }

  private func write(_ text: String, to path: String) throws {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    defer { close(file) }
    let written = unsafe Glibc.write(file, text, text.utf8.count)
    try #require(written == text.utf8.count, "\(path) cannot be written")
  }

  private func contents(of path: String) throws -> [UInt8] {
    let file = unsafe open(path, O_RDONLY)
    try #require(file >= 0, "\(path) is not there")
    defer { close(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe read(file, &piece, piece.count)
      if count <= 0 { return bytes }
      bytes += piece[..<count]
    }
  }
}
