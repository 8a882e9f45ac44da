// SPDX-License-Identifier: Apache-2.0
import Octets
import Testing

/// The byte queue against a plain array, and what it refuses.
struct ByteQueueTests {
  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64]) func `random operations agree with an array`(seed: UInt64) {
    var random = SeededGenerator(seed)
    var queue = ByteQueue()
    var model: [UInt8] = []
    for _ in 0..<5000 {
      switch Int.random(in: 0..<6, using: &random) {
      case 0, 1:
        let more = (0..<Int.random(in: 0...700, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        queue.append(more)
        model += more
      case 2:
        queue.append(UInt8(7))
        model.append(7)
      case 3:
        let count = Int.random(in: 0...model.count, using: &random)
        queue.consume(count)
        model.removeFirst(count)
      case 4:
        queue.releaseIfEmpty()
      default:
        let text = "text \(model.count)"
        queue.append(text)
        model += text.utf8
      }
      #expect(queue.count == model.count)
      #expect(queue.isEmpty == model.isEmpty)
      let wanted = UInt8.random(in: 0...255, using: &random)
      #expect(queue.firstIndex(of: wanted) == model.firstIndex(of: wanted))
    }
    #expect(array(of: queue) == model)
  }

  @Test func `a writer may fill less than its room`() {
    var queue = ByteQueue()
    queue.append("ab")
    let written = unsafe queue.fill(room: 1000) { room in
      unsafe room[0] = UInt8(ascii: "c")
      return 1
    }
    #expect(written == 1)
    #expect(text(of: queue) == "abc")
    queue.removeAll()
    #expect(queue.count == 0)
    #expect(array(of: queue).isEmpty)
  }

  @Test func `a queue without storage has no bytes and takes an empty append`() {
    var queue = ByteQueue()
    queue.append([])
    queue.append("" as String)
    #expect(array(of: queue).isEmpty)
    #expect(queue.firstIndex(of: 0) == nil)
  }

  @Test func `consuming more than waits stops the program`() async {
    await #expect(processExitsWith: .failure) {
      var queue = ByteQueue()
      queue.append("abc")
      queue.consume(4)
    }
  }
}

/// What waits in a queue, as a text.
func text(of queue: borrowing ByteQueue) -> String { String(decoding: array(of: queue), as: UTF8.self) }

/// What waits in a queue, as an array.
func array(of queue: borrowing ByteQueue) -> [UInt8] { queue.bytes.array }

/// A generator that repeats itself for a seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
