// SPDX-License-Identifier: Apache-2.0
import Octets
import Testing

/// Base 64 as RFC 4648 has it, and what it refuses.
struct Base64Tests {
  static let vectors: [(String, String)] = [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
  ]

  @Test(arguments: vectors) func `the vectors of the RFC hold both ways`(plain: String, code: String) {
    #expect(Base64.encode(Array(plain.utf8)) == code)
    #expect(Base64.decode(code) == Array(plain.utf8))
  }

  @Test func `every byte value survives at every length up to 300`() {
    for length in 0...300 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
      let code = Base64.encode(bytes)
      #expect(code.utf8.count == Base64.encodedCount(length))
      #expect(Base64.decode(code) == bytes)
    }
  }

  @Test(arguments: ["Z", "Zg", "Zg=", "Zg===", "Zm9v\n", "Zm 9v", "Zg==Zg==", "Z===", "====", "=", "Zm9-", "Zm9_", "Zh==", "Zm9=", "Zmé9"])
  func `what is not the one right code is refused`(code: String) {
    #expect(Base64.decode(code) == nil)
  }

  @Test func `the code goes into a queue behind what is there`() {
    var queue = ByteQueue()
    queue.append("AUTH PLAIN ")
    Base64.encode(Array("\0user\0pass".utf8).span, into: &queue)
    #expect(text(of: queue) == "AUTH PLAIN AHVzZXIAcGFzcw==")
  }
}
