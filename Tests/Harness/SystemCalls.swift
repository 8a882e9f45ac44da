// SPDX-License-Identifier: Apache-2.0

/// What `strace -f -y -ttt` wrote about a process: which calls began and ended, in which order.
///
/// A call that was interrupted in the log by another thread's is put together again; ``Call/began`` and ``Call/ended`` are lines of the
/// log, so that they can be compared over all threads.
package struct SystemCalls: Sendable {
  /// The arguments for strace(1) to write such a log, with so many bytes of what is read and written; the program follows.
  package static func strace(_ calls: String, showing bytes: Int = 65_536, to path: String) -> [String] {
    ["strace", "-f", "-qq", "-y", "-ttt", "-s", "\(bytes)", "-e", "signal=none", "-e", "trace=\(calls)", "-o", path]
  }

  /// Every call that has ended, by the order of its end.
  package let calls: [Call]

  /// One call.
  package struct Call: Sendable {
    /// The number of the thread that made it.
    package let thread: Substring
    /// Its name.
    package let name: Substring
    /// What its first descriptor is: a path, or `TCP:[…]` or `socket:[…]`.
    package let subject: Substring
    /// Everything between the parentheses.
    package let arguments: String
    /// The line on which it began.
    package let began: Int
    /// The line on which it ended.
    package let ended: Int
    /// Whether it did not fail.
    package let succeeded: Bool
  }

  /// Reads a log.
  package init(path: String) throws { self.init(text: try Files.text(at: path)) }

  /// Reads a log's text.
  package init(text: String) {
    var calls: [Call] = []
    var unfinished: [Substring: (line: Int, text: Substring)] = [:]
    for (number, line) in text.split(separator: "\n").enumerated() {
      let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
      guard parts.count == 3 else { continue }
      let thread = parts[0]
      let event = parts[2]
      if event.hasSuffix(" <unfinished ...>") {
        unfinished[thread] = (number, event.dropLast(" <unfinished ...>".count))
      } else if event.hasPrefix("<... ") {
        guard let start = unfinished.removeValue(forKey: thread), let rest = event.firstRange(of: " resumed>") else { continue }
        if let call = Call(String(start.text) + event[rest.upperBound...], of: thread, began: start.line, ended: number) {
          calls.append(call)
        }
      } else if let call = Call(String(event), of: thread, began: number, ended: number) {
        calls.append(call)
      }
    }
    self.calls = calls
  }
}

extension SystemCalls.Call {
  fileprivate init?(_ text: String, of thread: Substring, began: Int, ended: Int) {
    guard let open = text.firstIndex(of: "("), let result = text.range(ofLast: " = "), result.lowerBound > open else { return nil }
    self.thread = thread
    name = text[..<open]
    arguments = String(text[text.index(after: open)..<result.lowerBound])
    succeeded = text[result.upperBound...].first.map { $0.isNumber } ?? false
    self.began = began
    self.ended = ended
    guard let start = arguments.firstIndex(of: "<"), arguments[..<start].allSatisfy(\.isNumber) else {
      subject = ""
      return
    }
    // A socket's description has angle brackets of its own (`TCP:[a->b]`), but none before its end is followed by a comma.
    let rest = arguments[arguments.index(after: start)...]
    subject = rest[..<(rest.firstRange(of: ">,")?.lowerBound ?? rest.lastIndex(of: ">") ?? rest.endIndex)]
  }
}

extension String {
  fileprivate func range(ofLast mark: String) -> Range<String.Index>? { ranges(of: mark).last }
}
