// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// What surrounds the tests: variables, and where the built programs are.
package enum Environment {
  /// A variable, or nil when it is not set.
  package static subscript(name: String) -> String? {
    // Nothing changes the environment while tests run.
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  /// The directory of the built programs: the tests' own, or what `POSTHOUSE_PROGRAMS` names, to test another build.
  package static func program(_ name: String) throws -> String {
    let directory = try self["POSTHOUSE_PROGRAMS"] ?? ownDirectory()
    let path = "\(directory)/\(name)"
    guard Files.exists(path) else {
      throw HarnessFailure("\(path) is not built; run swift build, or name the directory of the programs in POSTHOUSE_PROGRAMS")
    }
    return path
  }

  private static func ownDirectory() throws -> String {
    var path = [CChar](repeating: 0, count: 4096)
    let count = unsafe path.withUnsafeMutableBufferPointer { unsafe readlink("/proc/self/exe", $0.baseAddress!, $0.count) }
    guard count > 0 else { throw HarnessFailure("cannot find out where this program is") }
    let whole = String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return String(whole[..<(whole.lastIndex(of: "/") ?? whole.startIndex)])
  }
}
