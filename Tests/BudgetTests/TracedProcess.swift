// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Harness

extension ChildProcess {
  /// Ends the program that strace runs, in an orderly way, and waits for strace.
  func stopTraced() throws {
    let children = try Files.text(at: "/proc/\(pid)/task/\(pid)/children").split(separator: " ")
    guard let child = children.first.flatMap({ pid_t($0) }), kill(child, SIGTERM) == 0 else { throw HarnessFailure("\(name) has no child") }
    try wait(.in(.seconds(120)))
  }
}
