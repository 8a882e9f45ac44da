// SPDX-License-Identifier: Apache-2.0
internal import FuzzTargets
internal import Testing

/// Everything that fuzzing ever found worth keeping, and what is made of it by small changes, keeps the rules of the house.
@Suite struct CorpusTests {
  @Test(arguments: FuzzTarget.allCases)
  func `the corpus keeps the rules`(target: FuzzTarget) throws {
    let corpus = target.corpus
    #expect(corpus.count >= 8, "the corpus of \(target) is missing")
    for (name, bytes) in corpus {
      do throws(FuzzFinding) { try target.run(bytes) } catch { Issue.record("\(target) \(name): \(error)") }
    }
  }

  @Test(arguments: FuzzTarget.allCases)
  func `small changes of the corpus keep the rules too`(target: FuzzTarget) throws {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    func random(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(below, 1)
    }
    let interesting: [UInt8] = [0x0a, 0x0d, 0x00, 0x2e, 0x3c, 0x3e, 0x40, 0x22, 0x5c, 0x20, 0x3a, 0xff, 0x80]
    for (name, bytes) in target.corpus where bytes.count < 4096 {
      for round in 0..<40 {
        var changed = bytes
        for _ in 0...random(4) {
          switch random(3) {
          case 0: changed.insert(interesting[random(interesting.count)], at: random(changed.count + 1))
          case 1 where !changed.isEmpty: changed.remove(at: random(changed.count))
          default: if !changed.isEmpty { changed[random(changed.count)] = interesting[random(interesting.count)] }
          }
        }
        do throws(FuzzFinding) { try target.run(changed) } catch { Issue.record("\(target) \(name), round \(round): \(error) \(changed)") }
      }
    }
  }
}
