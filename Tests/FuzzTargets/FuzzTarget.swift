// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// What can be fuzzed: each target takes any bytes at all and finds out whether a rule of the house was broken.
///
/// `make fuzz` lets libFuzzer look for bytes that break one; what it ever found lies in `corpus`, and a test runs all of it.
package enum FuzzTarget: String, CaseIterable, Sendable {
  /// One command line in an open conversation.
  case commands
  /// An address between angle brackets.
  case paths
  /// Everything a client says, from the greeting on.
  case sessions
  /// The same session with its bytes cut in two ways.
  case cuts
  /// A header section, and the lines that are put in front of it or taken out.
  case headers

  /// Runs the target with some bytes; throws what is wrong.
  package func run(_ bytes: [UInt8]) throws(FuzzFinding) {
    switch self {
    case .commands: try CommandFuzz.run(bytes)
    case .paths: try PathFuzz.run(bytes)
    case .sessions: try SessionFuzz.run(bytes)
    case .cuts: try CutFuzz.run(bytes)
    case .headers: try HeaderFuzz.run(bytes)
    }
  }

  /// The committed inputs of this target, by their names.
  package var corpus: [(name: String, bytes: [UInt8])] {
    let directory = "/" + "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/") + "/corpus/\(rawValue)"
    guard let listing = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(listing) }
    var found: [(name: String, bytes: [UInt8])] = []
    while let entry = unsafe readdir(listing) {
      let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if !name.hasPrefix(".") { found.append((name, FuzzTarget.bytes(of: "\(directory)/\(name)"))) }
    }
    return found.sorted { $0.name < $1.name }
  }

  private static func bytes(of path: String) -> [UInt8] {
    let file = unsafe open(path, O_RDONLY)
    guard file >= 0 else { return [] }
    defer { close(file) }
    var (bytes, piece): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 65_536))
    while true {
      let count = unsafe read(file, &piece, piece.count)
      guard count > 0 else { return bytes }
      bytes += piece[..<count]
    }
  }
}

/// A rule of the house that some bytes have broken.
package struct FuzzFinding: Error, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }

  /// Throws unless something holds.
  static func require(_ isSo: Bool, _ rule: @autoclosure () -> String) throws(FuzzFinding) {
    if !isSo { throw FuzzFinding(rule()) }
  }
}
