// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Sets or takes away a variable of this process, which must be a test's own.
func setVariable(_ name: String, _ value: String?) {
  if let value {
    _ = unsafe setenv(name, value, 1)
  } else {
    _ = unsafe unsetenv(name)
  }
}

/// A variable of this process.
func variable(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

/// Standard error as `JOURNAL_STREAM` names it.
func standardErrorAsStream() -> String {
  var status = stat()
  _ = unsafe fstat(2, &status)
  return "\(status.st_dev):\(status.st_ino)"
}

/// Makes a directory of its own; whoever asks removes it.
func makeTemporaryDirectory() -> String {
  var template = Array("/tmp/posthouse-test-XXXXXX".utf8CString)
  let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
  precondition(made, "a temporary directory can be made")
  return String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
}

/// Removes what a test made there.
func remove(_ path: String) { _ = unsafe Glibc.remove(path) }

/// Gives the calling thread an empty `/run` that nobody else sees; false where that is not allowed.
func hideRun() -> Bool {
  typealias Unshare = @convention(c) (Int32) -> Int32
  guard let symbol = unsafe dlsym(nil, "unshare") else { return false }
  let newMounts: Int32 = 0x0002_0000
  let (recursive, detached): (UInt, UInt) = (1 << 14, 1 << 18)
  return unsafe unsafeBitCast(symbol, to: Unshare.self)(newMounts) == 0
    && mount("none", "/", nil, recursive | detached, nil) == 0 && mount("tmpfs", "/run", "tmpfs", 0, nil) == 0
}
