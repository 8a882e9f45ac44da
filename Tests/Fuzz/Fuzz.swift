// SPDX-License-Identifier: Apache-2.0
internal import FuzzTargets
internal import Glibc

/// The program that libFuzzer drives: `FUZZ_TARGET=sessions Fuzz [CORPUS] [-options]`. It is built by `make fuzz` only.
///
/// The target is a variable, because libFuzzer starts the program again with words of its own, to merge corpora for instance.
@main struct Fuzz {
  /// The target that runs; set once before libFuzzer begins, on its only thread.
  nonisolated(unsafe) static var target = FuzzTarget.sessions

  static func main() {
    let name = unsafe getenv("FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
    guard let chosen = FuzzTarget(rawValue: name) else {
      print("FUZZ_TARGET=\(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) Fuzz [CORPUS] [-options of libFuzzer]")
      exit(EX_USAGE)
    }
    unsafe target = chosen
    var count = CommandLine.argc
    var start: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
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
