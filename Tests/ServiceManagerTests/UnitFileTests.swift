// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

/// The unit files of the package, judged by systemd's own tools without a running systemd.
@Suite(.enabled(if: output(of: "systemd-analyze --version") != nil, "systemd is not installed")) struct UnitFileTests {
  private let units = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/systemd"

  @Test func `systemd finds no fault in the unit files`() throws {
    // What is judged is the unit, not whether the daemon is installed here.
    let words = output(
      of: """
        cd "$(mktemp -d)" && trap 'rm -rf "$PWD"' EXIT
        for unit in posthoused.service posthoused.socket; do sed 's|/usr/bin/posthoused|/bin/true|' '\(units)'/$unit > $unit; done
        systemd-analyze verify --man=no --recursive-errors=yes ./posthoused.service ./posthoused.socket 2>&1
        """)
    #expect(words == "")
  }

  @Test func `the sandbox leaves an exposure of at most 2`() {
    #expect(output(of: "systemd-analyze security --offline=true --threshold=20 '\(units)/posthoused.service' 2>&1") != nil)
  }

  @Test func `the declaration of the user is understood`() {
    #expect(output(of: "systemd-sysusers --dry-run '\(units)/posthouse.sysusers' 2>&1")?.contains("posthouse.sysusers:") == false)
  }
}

/// What a shell script printed; nil when it failed.
private func output(of script: String) -> String? {
  guard let stream = unsafe popen(script, "re") else { return nil }
  var text: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 4096)
  while true {
    let count = unsafe fread(&buffer, 1, buffer.count, stream)
    if count == 0 { break }
    text += buffer[..<count]
  }
  return unsafe pclose(stream) == 0 ? String(decoding: text, as: UTF8.self) : nil
}
