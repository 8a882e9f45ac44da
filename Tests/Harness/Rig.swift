// SPDX-License-Identifier: Apache-2.0
package import Glibc
internal import Synchronization

/// What one test has set up: a directory and the servers in it, all gone when the test ends, in whichever way.
///
/// A test throws when it cannot go on; the failure then carries the last lines of everything that ran, since these usually tell why. With
/// `POSTHOUSE_KEEP=1` in the environment the directory stays.
package final class Rig: Sendable {
  /// The directory of this test.
  package let directory: TemporaryDirectory
  private let children = Mutex<[ChildProcess]>([])
  private let closings = Mutex<[@Sendable () -> Void]>([])

  private init() throws { directory = try TemporaryDirectory() }

  /// Sets up a rig, runs the test in it, and takes everything down.
  package static func use(_ test: (Rig) throws -> Void) throws {
    let rig = try Rig()
    defer { rig.takeDown() }
    do {
      try test(rig)
    } catch {
      throw HarnessFailure("\(error)\(rig.lastWords)")
    }
  }

  /// Starts a program that ends with the rig at the latest.
  package func start(
    _ program: String, _ arguments: [String] = [], name: String? = nil, environment: [String: String] = [:],
    passing descriptors: [Int32: Int32] = [:], input: String = "/dev/null"
  ) throws -> ChildProcess {
    let child = try ChildProcess(
      program, arguments, name: name, environment: environment, in: directory, passing: descriptors, input: input)
    children.withLock { $0.append(child) }
    return child
  }

  /// Runs a program to its end.
  package func run(
    _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], input: String = "/dev/null",
    _ deadline: Deadline = .usual
  ) throws -> ChildProcess {
    let child = try start(program, arguments, environment: environment, input: input)
    try child.wait(deadline)
    return child
  }

  /// Runs a program to its end, which must be a good one, and answers what it printed.
  @discardableResult
  package func output(
    of program: String, _ arguments: [String] = [], environment: [String: String] = [:], input: String = "/dev/null"
  ) throws -> String {
    let child = try run(program, arguments, environment: environment, input: input)
    guard child.end == .exited(0) else {
      throw HarnessFailure("\(program) \(arguments.joined(separator: " ")) ended with \(child.end.map { "\($0)" } ?? "nothing")")
    }
    return child.output
  }

  /// Writes a file into the directory and answers its path.
  package func write(_ text: String, to name: String, mode: mode_t = 0o644) throws -> String {
    try Files.write(text, to: directory[name], mode: mode)
    return directory[name]
  }

  /// Has something done when the test is over, before what was asked for earlier.
  package func atEnd(_ closing: @escaping @Sendable () -> Void) { closings.withLock { $0.append(closing) } }

  private func takeDown() {
    for closing in closings.withLock({ $0 }).reversed() { closing() }
    for child in children.withLock({ $0 }).reversed() where child.isRunning { child.destroy() }
    if Environment["POSTHOUSE_KEEP"] == "1" {
      print("kept: \(directory.path)")
    } else {
      directory.remove()
    }
  }

  private var lastWords: String {
    children.withLock { $0 }.map { child in
      let lines = (child.errors + child.output).split(separator: "\n").suffix(25).map { "\n    \($0)" }.joined()
      return "\n  \(child.name) (\(child.end.map { "\($0)" } ?? "running")) said:\(lines.isEmpty ? " nothing" : lines)"
    }.joined()
  }
}
