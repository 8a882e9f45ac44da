// SPDX-License-Identifier: Apache-2.0
import Octets
import Testing

/// Sizes and how they are shown.
struct ByteCountTests {
  static let shown: [(Int, String)] = [
    (0, "0"), (1, "1"), (100, "100"), (1023, "1023"), (1024, "1K"), (1025, "1025"), (1_572_864, "1536K"), (26_214_400, "25M"),
    (1_073_741_824, "1G"), (1_099_511_627_776, "1024G"),
  ]

  @Test(arguments: shown) func `a size is shown in the largest unit that keeps it whole`(bytes: Int, text: String) {
    #expect(ByteCount(bytes: bytes).description == text)
  }

  @Test func `sizes add up and compare`() {
    #expect(ByteCount.kibibytes(1) + ByteCount(bytes: 1) == ByteCount(bytes: 1025))
    #expect(ByteCount.kibibytes(1023) < ByteCount.mebibytes(1))
  }

  @Test func `a negative size stops the program`() async {
    await #expect(processExitsWith: .failure) { _ = ByteCount(bytes: -1) }
  }
}
