// SPDX-License-Identifier: Apache-2.0
internal import FuzzTargets
internal import Glibc

/// The program that libFuzzer drives: `Fuzz TARGET [CORPUS] [-options]`. It is built by `make fuzz` only.
@main struct Fuzz {
  /// The target that runs; set once before libFuzzer begins, on its only thread.
  nonisolated(unsafe) static var target = FuzzTarget.sessions

  static func main() {
    let words = CommandLine.arguments
    guard words.count > 1, let chosen = FuzzTarget(rawValue: words[1]) else {
      print("Fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [CORPUS] [-options of libFuzzer]")
      exit(EX_USAGE)
    }
    unsafe target = chosen
    let rest = [words[0]] + words.dropFirst(2)
    let arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: rest.count + 1)
    for (index, word) in rest.enumerated() { unsafe arguments[index] = unsafe strdup(word) }
    unsafe arguments[rest.count] = nil
    var count = Int32(rest.count)
    var start: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe arguments
    exit(unsafe runDriver(&count, &start, fuzzOnce))
  }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<Int32>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ once: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// What libFuzzer calls with every input, under the name it looks for.
@_cdecl("LLVMFuzzerTestOneInput")
private func fuzzOnce(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let input = unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: count))
  do throws(FuzzFinding) {
    try unsafe Fuzz.target.run(input)
  } catch {
    preconditionFailure("\(error)")
  }
  return 0
}
