// SPDX-License-Identifier: Apache-2.0
import Octets
import Testing

/// Addresses of IPv4 and IPv6 read, shown and cut.
@Suite struct IPAddressTests {
  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::", "::"), ("::1", "::1"),
    ("2001:DB8::1", "2001:db8::1"), ("2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
    ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"), ("fe80::", "fe80::"), ("::ffff:10.1.2.3", "10.1.2.3"), ("::ffff:a01:203", "10.1.2.3"),
    ("64:ff9b::1.2.3.4", "64:ff9b::102:304"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
  ])
  func `an address is read and shown in its one recommended spelling`(text: String, shown: String) {
    #expect(IPAddress(text)?.description == shown)
  }

  @Test(arguments: [
    "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.", ".1.2.3", "1..2.3", "a.b.c.d", ":", ":::", "1::2::3", "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "g::", "fe80::1%eth0", ":1", "1:", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "1.2.3.4::",
    "127.0.0.1 ",
    "127.0.0.1:25", "[::1]",
  ])
  func `what is no address is refused`(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test func `mapped and plain spellings are one address`() {
    #expect(IPAddress("::ffff:127.0.0.1") == IPAddress(127, 0, 0, 1))
    #expect(IPAddress(127, 0, 0, 1).isLoopback && IPAddress("127.9.9.9")!.isLoopback && IPAddress("::1")!.isLoopback)
    #expect(!IPAddress("128.0.0.1")!.isLoopback && !IPAddress("::2")!.isLoopback && !IPAddress("::127.0.0.1")!.isLoopback)
    #expect(IPAddress("0.0.0.0")!.isUnspecified && IPAddress("::")!.isUnspecified)
  }

  @Test(arguments: [
    ("10.1.2.3", 8, "10.0.0.0"), ("10.1.2.3", 32, "10.1.2.3"), ("10.1.2.3", 0, "0.0.0.0"), ("10.1.2.3", 31, "10.1.2.2"),
    ("2001:db8:ffff::1", 32, "2001:db8::"), ("2001:db8::ff", 124, "2001:db8::f0"), ("2001:db8::1", 128, "2001:db8::1"),
    ("2001:db8::1", 0, "::"),
    ("1:2:3:4:5:6:7:8", 64, "1:2:3:4::"),
  ])
  func `a prefix keeps the first bits`(text: String, length: Int, prefix: String) throws {
    #expect(try #require(IPAddress(text)).prefix(length).description == prefix)
  }
}
