// SPDX-License-Identifier: Apache-2.0
import Octets
import Policy
import Settings
import Testing

/// From where a connection may come.
@Suite struct PeerNetworksTests {
  static func networks(_ texts: String...) throws -> PeerNetworks { PeerNetworks(try texts.map { try #require(AddressBlock($0)) }) }

  @Test(arguments: ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
  func `this machine may always connect`(text: String) throws {
    let address = try #require(IPAddress(text))
    #expect(PeerNetworks([]).include(address))
    #expect(try PeerNetworksTests.networks("10.0.0.0/8").include(address))
  }

  @Test(arguments: ["10.0.0.1", "172.17.0.1", "192.168.1.1", "fe80::1", "fd00::1", "8.8.8.8", "0.0.0.0", "::", "::127.0.0.1", "::2"])
  func `nobody else may unless named`(text: String) throws {
    #expect(!PeerNetworks([]).include(try #require(IPAddress(text))))
  }

  @Test(arguments: [
    ("10.1.0.0/16", "10.1.255.255", true), ("10.1.0.0/16", "10.2.0.0", false), ("10.1.2.3", "10.1.2.3", true),
    ("10.1.2.3", "10.1.2.4", false),
    ("10.1.2.3/32", "::ffff:10.1.2.3", true), ("172.16.0.0/12", "172.31.0.1", true), ("172.16.0.0/12", "172.32.0.1", false),
    ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false), ("2001:db8::1", "2001:db8::1", true),
    ("::/1", "10.0.0.1", false), ("128.0.0.0/1", "10.0.0.1", false), ("0.0.0.0/1", "10.0.0.1", true),
  ])
  func `a network holds the addresses with its prefix`(network: String, address: String, isIncluded: Bool) throws {
    #expect(try PeerNetworksTests.networks(network).include(try #require(IPAddress(address))) == isIncluded)
  }
}
