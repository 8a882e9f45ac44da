// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Runs something on a thread that the kernel treats otherwise than its process.
enum Confinement {
  /// What `body` made where AF_NETLINK is refused, as `RestrictAddressFamilies=` does to a service; nil when that could not be arranged.
  static func withoutNetlink<Made>(_ body: @escaping () -> Made) -> Made? {
    run(body, where: Confinement.refuseNetlink)
  }

  /// What `body` made in a network namespace of its own; nil when that could not be arranged.
  static func inAnotherNetwork<Made>(_ body: @escaping () -> Made) -> Made? {
    run(body) {
      guard let symbol = unsafe dlsym(nil, "unshare") else { return false }
      let unshare = unsafe unsafeBitCast(symbol, to: (@convention(c) (Int32) -> Int32).self)
      let newNetwork: Int32 = 0x4000_0000
      return unshare(newNetwork) == 0
    }
  }

  /// Whether ``inAnotherNetwork(_:)`` can be arranged.
  static let mayMakeNetwork = inAnotherNetwork { true } ?? false

  private static func run<Made>(_ body: @escaping () -> Made, where arrange: @escaping () -> Bool) -> Made? {
    let errand = Errand(body, arrange)
    var thread = pthread_t()
    let begun = unsafe pthread_create(
      &thread, nil,
      { raw in
        unsafe Unmanaged<AnyErrand>.fromOpaque(raw!).takeUnretainedValue().run()
        return nil
      }, Unmanaged.passUnretained(errand as AnyErrand).toOpaque())
    guard begun == 0 else { return nil }
    pthread_join(thread, nil)
    return errand.made
  }

  /// Errno for `socket(AF_NETLINK, …)`, everything else allowed; a seccomp filter of this thread alone.
  private static func refuseNetlink() -> Bool {
    #if arch(x86_64)
      let socketCall: UInt32 = 41
    #else
      let socketCall: UInt32 = 198
    #endif
    let (load, jumpIfEqual, answer): (UInt16, UInt16, UInt16) = (0x20, 0x15, 0x06)
    let (allow, refuse): (UInt32, UInt32) = (0x7fff_0000, 0x0005_0000 | UInt32(EAFNOSUPPORT))
    var program = [
      Instruction(code: load, value: 0),
      Instruction(code: jumpIfEqual, otherwise: 3, value: socketCall),
      Instruction(code: load, value: 16),
      Instruction(code: jumpIfEqual, otherwise: 1, value: UInt32(AF_NETLINK)),
      Instruction(code: answer, value: refuse),
      Instruction(code: answer, value: allow),
    ]
    guard let symbol = unsafe dlsym(nil, "prctl") else { return false }
    typealias Prctl = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
    let prctl = unsafe unsafeBitCast(symbol, to: Prctl.self)
    let (noNewPrivileges, setSeccomp, filterMode): (Int32, Int32, UInt) = (38, 22, 2)
    guard prctl(noNewPrivileges, 1, 0, 0, 0) == 0 else { return false }
    return unsafe program.withUnsafeMutableBufferPointer { instructions in
      var filter = unsafe Filter(count: UInt16(instructions.count), instructions: instructions.baseAddress!)
      return unsafe withUnsafePointer(to: &filter) { prctl(setSeccomp, filterMode, UInt(bitPattern: $0), 0, 0) == 0 }
    }
  }

  private struct Instruction {
    let code: UInt16
    var then: UInt8 = 0
    var otherwise: UInt8 = 0
    let value: UInt32
  }

  @unsafe private struct Filter {
    let count: UInt16
    let instructions: UnsafeMutablePointer<Instruction>
  }
}

private class AnyErrand {
  func run() {}
}

private final class Errand<Made>: AnyErrand {
  private let body: () -> Made
  private let arrange: () -> Bool
  private(set) var made: Made?

  init(_ body: @escaping () -> Made, _ arrange: @escaping () -> Bool) {
    self.body = body
    self.arrange = arrange
  }

  override func run() {
    if arrange() { made = body() }
  }
}
