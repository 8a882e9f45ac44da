// SPDX-License-Identifier: Apache-2.0
import LinuxSystem
import Testing

@Suite struct SocketAddressTests {
  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1:25", true), ("192.0.2.7", "192.0.2.7:25", false), ("::1", "[::1]:25", true),
    ("2001:db8::5", "[2001:db8::5]:25", false), ("::ffff:127.0.0.1", "[::ffff:127.0.0.1]:25", true), ("fe80::1%3", "[fe80::1%3]:25", false),
  ])
  func `an address is read, shown and judged`(text: String, shown: String, isLoopback: Bool) throws {
    let address = try #require(SocketAddress(numeric: text, port: 25))
    #expect(address.description == shown)
    #expect(address.isLoopback == isLoopback)
    #expect(address.port == 25)
  }

  @Test(arguments: ["", "localhost", "127.0.0", "256.1.1.1", "::1::", "1.2.3.4.5", "fe80::1%nosuchinterface"])
  func `what is no numeric address is refused`(text: String) {
    #expect(SocketAddress(numeric: text, port: 25) == nil)
  }
}
