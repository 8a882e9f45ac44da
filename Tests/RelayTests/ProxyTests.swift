// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Octets
import Relay
import Simulation
import Testing
import Timekeeping
import Varlink

/// The way through a proxy, and proxies that do not want us, cannot help us, or are none.
@Suite struct ProxyTests {
  private typealias Turn = SimulatedProxy.Turn

  /// What is asked of a SOCKS proxy: the way to mx.example.com:25.
  private static let request: [UInt8] = [5, 1, 0, 3, 14] + Array("mx.example.com".utf8) + [0, 25]
  private static let connect = Array("CONNECT mx.example.com:25 HTTP/1.1\r\nHost: mx.example.com:25\r\n".utf8)

  private func run(
    _ name: String, _ settings: String, _ turns: [SimulatedProxy.Turn], _ ending: SimulatedProxy.Ending = .leadsOn,
    _ check: @escaping @Loop (House, SimulatedProxy) async throws -> Void
  ) {
    RelayTests.run(name) { world in
      let house = try await House(world, "[Upstream]\nConnectTimeout=20s\n\(settings)\n")
      let proxy = try SimulatedProxy(house, turns, ending)
      try await house.submit()
      try await check(house, proxy)
      #expect(proxy.surprises.isEmpty, "\(proxy.surprises)")
      await house.stop()
      proxy.stop()
    }
  }

  static let ways: [(String, [SimulatedProxy.Turn])] = [
    (
      "socks5://198.51.100.80:1080",
      [
        Turn(hears: [5, 1, 0], says: [5, 0]),
        Turn(hears: request, says: [5, 0, 0, 1, 192, 0, 2, 9, 1, 2]),
      ]
    ),
    (
      "socks5h://a:b%40@198.51.100.80:1080",
      [
        Turn(hears: [5, 2, 0, 2], says: [5, 2]), Turn(hears: [1, 1, 97, 2, 98, 64], says: [1, 0]),
        Turn(hears: request, says: [5, 0, 0, 3, 3, 1, 2, 3, 0, 0]),
      ]
    ),
    (
      "socks5://a@198.51.100.80:1080",
      [Turn(hears: [5, 2, 0, 2], says: [5, 0]), Turn(hears: request, says: [5, 0, 0, 4] + [UInt8](repeating: 7, count: 18))]
    ),
    (
      "http://198.51.100.80:1080",
      [Turn(hears: connect + [13, 10], says: Array("HTTP/1.0 200 Connection established\r\nProxy-agent: x\r\n\r\n".utf8))]
    ),
    (
      "http://a:b@198.51.100.80:1080/",
      [
        Turn(
          hears: connect + Array("Proxy-Authorization: Basic YTpi\r\n\r\n".utf8),
          says: Array("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\n\r\n".utf8))
      ]
    ),
  ]

  @Test(arguments: ways) func `mail goes through the proxy, which looks the name up`(proxy: String, turns: [SimulatedProxy.Turn]) {
    run("through \(proxy)", "Proxy=\(proxy)", turns) { house, _ in
      #expect(await house.drain(within: .seconds(5)))
      #expect(house.takings.messages.count == 1 && house.resolver.asked.isEmpty)
      #expect(house.relay.status().upstreams[0].state == .connected)
    }
  }

  static let answers: [(String, [UInt8], String, UpstreamStatus.State)] = [
    ("socks5", [5, 0xff], "wants a login; put user:password@ before its host", .held),
    ("socks5", [4, 90], "does not speak SOCKS 5; it speaks SOCKS 4", .held),
    ("socks5", Array("HTTP/1.0 400 Bad Request\r\n".utf8), "it seems to be an HTTP proxy: write http:// in Proxy=", .held),
    ("socks5", Array("220 mx.example.com ESMTP\r\n".utf8), "it seems to be a mail server", .held),
    ("socks5", [5, 2], "chose a way to log in that was not offered (2)", .held),
    ("socks5", [5, 0, 5, 1], "cannot reach the upstream (SOCKS code 1, general failure)", .failing),
    ("socks5", [5, 0, 5, 2], "does not allow this connection by its rules (SOCKS code 2)", .held),
    ("socks5", [5, 0, 5, 3], "cannot reach the upstream's network (SOCKS code 3)", .failing),
    ("socks5", [5, 0, 5, 4], "cannot reach the upstream, or does not find its name (SOCKS code 4)", .failing),
    ("socks5", [5, 0, 5, 5], "was refused by the upstream (SOCKS code 5)", .failing),
    ("socks5", [5, 0, 5, 6], "(SOCKS code 6, TTL expired)", .failing),
    ("socks5", [5, 0, 5, 7], "(SOCKS code 7, command not supported)", .held),
    ("socks5", [5, 0, 5, 8], "(SOCKS code 8)", .held),
    ("socks5", [5, 0, 5, 77], "SOCKS code 77, which has no meaning", .failing),
    ("socks5", [5, 0, 9, 0], "does not keep to SOCKS 5", .held),
    ("socks5", [5, 0, 5, 0, 0, 9, 1], "does not keep to SOCKS 5", .held),
    ("socks5", [5], "closed the connection", .failing),
    ("socks5", [5, 0, 5, 0, 0, 3, 255, 1], "broken pipe", .failing),
    ("http", Array("HTTP/1.1 407 Proxy Authentication Required\r\nX: y\r\n\r\n".utf8), "(407 Proxy Authentication Required)", .held),
    ("http", Array("HTTP/1.1 403 Filtered\r\n\r\n<html>".utf8), "does not allow this connection (403 Filtered)", .held),
    ("http", Array("HTTP/1.1 502 Bad Gateway\r\n\r\n".utf8), "cannot reach the upstream (502 Bad Gateway)", .failing),
    ("http", Array("HTTP/1.1 301 Moved\r\n\r\n".utf8), "does not allow this connection (301 Moved)", .held),
    ("http", Array("220 mx.example.com ESMTP\r\n".utf8), #"does not speak HTTP: "220 mx.example.com ESMTP""#, .held),
    ("http", Array("HTTP/1.1 2000 OK\r\n\r\n".utf8), "does not speak HTTP", .held),
    ("http", Array("HTTP/1.1 \u{1b}[2J\r\n\r\n".utf8), "does not speak HTTP", .held),
    ("http", Array("HTTP/1.1 200 OK\r\nX: y\r\n".utf8), "closed the connection", .failing),
    ("http", Array("HTTP/1.1 200 OK\r\n".utf8) + [UInt8](repeating: 120, count: 20_000), "more than 16384 bytes", .held),
    ("http", Array(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 20).utf8), "does not come to an end", .held),
  ]

  @Test(arguments: answers)
  func `a proxy that gives no way is named with what it said`(
    form: String, says: [UInt8], words: String, state: UpstreamStatus.State
  ) {
    run("\(form) \(words)", "Proxy=\(form)://198.51.100.80:1080", [Turn(hears: [], says: says)], .hangsUp) { house, _ in
      #expect(await house.wait(within: .seconds(19)) { house.relay.status().upstreams[0].fault != nil })
      let status = house.relay.status().upstreams[0]
      #expect(status.state == state && status.fault?.contains(words) == true, "\(status.state): \(status.fault ?? "")")
      #expect(status.fault?.contains("the proxy \(form)://198.51.100.80:1080 ") == true)
      _ = await house.loop.sleep(.seconds(60))
      #expect(house.relay.status().spool.failed == 0 && house.network.connecting == 0)
    }
  }

  @Test(arguments: 0..<60 as Range<UInt64>) func `whatever a proxy says, the relay lives on and leaves nothing open`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let answers: [[UInt8]] =
      [
        [5, 0, 5, 0, 0, 1, 192, 0, 2, 9, 1, 2], [5, 0, 5, 0, 0, 3, 4, 97, 98, 99, 100, 0, 25], [5, 2, 1, 0, 5, 0, 0, 4, 1, 2, 3],
        Array("HTTP/1.1 200 OK\r\nProxy-agent: x\r\n\r\n220 hello\r\n".utf8),
        Array("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 407 no\r\n\r\n".utf8),
      ]
    let good = answers[Int.random(in: 0..<answers.count, using: &random)]
    var says = good.filter { _ in Int.random(in: 0..<12, using: &random) > 0 }
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      says.insert(.random(in: 0...255, using: &random), at: .random(in: 0...says.count, using: &random))
    }
    let form = good.first == 5 ? "socks5" : "http"
    run("proxy \(seed)", "Proxy=\(form)://a:b@198.51.100.80:1080", [Turn(hears: [], says: says)], .hangsUp) { house, _ in
      #expect(await house.wait(within: .seconds(60)) { house.relay.status().upstreams[0].fault != nil }, "\(says)")
      _ = await house.loop.sleep(.seconds(1))
      #expect(house.network.connecting == 0 && house.network.descriptors == 0 && house.relay.status().spool.failed == 0)
    }
  }

  @Test(arguments: ["socks5", "http"]) func `a proxy that falls silent costs no more than the time to connect`(form: String) {
    run("silent \(form)", "Proxy=\(form)://198.51.100.80:1080", [], .fallsSilent) { house, proxy in
      let begun = house.loop.moment
      #expect(await house.wait(within: .seconds(60)) { house.relay.status().upstreams[0].fault != nil })
      #expect(house.loop.moment - begun <= .seconds(21))
      let fault = house.relay.status().upstreams[0].fault ?? ""
      #expect(fault.hasPrefix("connect: the proxy \(form)://198.51.100.80:1080 has not answered in time; mail waits"), "\(fault)")
      _ = await house.loop.sleep(.seconds(1))
      #expect(house.network.descriptors == 0)
    }
  }

  @Test func `a password that a proxy refuses is not shown`() {
    let turns = [Turn(hears: [5, 2, 0, 2], says: [5, 2]), Turn(hears: [1, 3, 97, 112, 112, 6] + Array("secret".utf8), says: [1, 1])]
    run("refused", "Proxy=socks5://app:secret@198.51.100.80:1080", turns, .hangsUp) { house, _ in
      #expect(await house.wait(within: .seconds(5)) { house.relay.status().upstreams[0].state == .held })
      #expect(house.relay.status().upstreams[0].fault?.contains("refused user and password") == true)
      #expect(!house.log.text.contains("secret"))
    }
  }

  @Test func `a proxy that cannot be connected to is an outage, one without a name is the operator's`() {
    run("no proxy", "Proxy=socks5://198.51.100.81:1080", []) { house, _ in
      #expect(await house.wait(within: .seconds(5)) { house.relay.status().upstreams[0].state == .failing })
      let fault = house.relay.status().upstreams[0].fault ?? ""
      #expect(
        fault.contains("cannot connect to the proxy socks5://198.51.100.81:1080: 198.51.100.81:1080: connection refused; mail waits"),
        "\(fault)")
    }
    run("no name", "Proxy=http://proxy.example.com:3128", []) { house, _ in
      #expect(await house.wait(within: .seconds(5)) { house.relay.status().upstreams[0].state == .held })
      let fault = house.relay.status().upstreams[0].fault ?? ""
      #expect(fault.contains("the proxy's name \"proxy.example.com\" does not exist"), "\(fault)")
      #expect(fault.contains("correct Proxy in [Upstream]"), "\(fault)")
    }
  }
}
