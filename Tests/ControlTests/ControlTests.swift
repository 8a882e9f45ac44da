// SPDX-License-Identifier: Apache-2.0
import Control
import EventLoop
import LinuxSystem
import Mail
import Octets
import Simulation
import Testing
import Timekeeping
import Varlink

/// The control socket against clients that know what they do, and others.
@Suite struct ControlTests {
  @Test func `every method is answered`() {
    converse(messages: 3) { client, _ in
      try await client.send(#"{"method":"org.varlink.service.GetInfo"}"#)
      #expect(try await client.next().contains(#""interfaces":["org.varlink.service","io.posthouse.Relay"]"#))
      try await client.send(
        #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"io.posthouse.Relay"}}"#)
      #expect(try await client.next().contains("method GetStatus() -> (status: Status)"))
      try await client.send(#"{"method":"io.posthouse.Relay.GetStatus"}"#)
      #expect(try await client.next().contains(#""hostname":"relay.example.com""#))
      try await client.send(#"{"method":"io.posthouse.Relay.Flush"}"#)
      #expect(try await client.next() == #"{"parameters":{"scheduled":3}}"#)
      try await client.send(#"{"method":"io.posthouse.Relay.List","more":true}"#)
      for number in 1...3 {
        let reply = try await client.next()
        #expect(reply.contains(#""message":{"#) && reply.contains(#""continues":true"#) == (number < 3))
      }
      try await client.send(#"{"method":"io.posthouse.Relay.List","parameters":{"state":"held"},"more":true}"#)
      #expect(try await client.next() == #"{"parameters":{}}"#)
    }
  }

  @Test func `orders are carried out and written down`() {
    converse(messages: 3) { client, desk in
      for order in ["Retry", "Remove"] {
        try await client.send(#"{"method":"io.posthouse.Relay.\#(order)","parameters":{"id":"\#(ControlTests.id)"}}"#)
        #expect(try await client.next() == #"{"parameters":{"id":"\#(ControlTests.id)"}}"#)
      }
      try await client.send(
        #"{"method":"io.posthouse.Relay.Redirect","parameters":{"id":"\#(ControlTests.id)","recipients":["a@b.example","ü@b.example"]}}"#)
      #expect(try await client.next().contains(#"{"id":""#))
      #expect(desk.notes == ["retry \(ControlTests.id)", "remove \(ControlTests.id)", "redirect \(ControlTests.id)"])
    }
  }

  @Test func `a text comes in pieces behind its message, or with an error where it cannot be read to its end`() {
    converse(messages: 2) { client, _ in
      for (id, isWhole) in [(ControlTests.id, true), ("\(MessageID(number: 1_800_000_000_000_001))", false)] {
        try await client.send(#"{"method":"io.posthouse.Relay.Export","parameters":{"id":"\#(id)"},"more":true}"#)
        #expect(try await client.next().contains(#""message":{"id":"\#(id)""#))
        var text: [UInt8] = []
        while true {
          let reply = try await client.next()
          guard let data = reply.firstRange(of: #""data":""#) else {
            #expect(reply == (isWhole ? #"{"parameters":{}}"# : ControlTests.damaged))
            break
          }
          #expect(reply.hasSuffix(#""continues":true}"#))
          let piece = Base64.decode(Array(reply[data.upperBound...].prefix { $0 != "\"" }.utf8).span)
          text += try #require(piece)
        }
        #expect(text == Array("Subject: x\r\n\r\n".utf8) + [UInt8](repeating: 0x79, count: 200_000))
      }
    }
  }

  static let id = "\(MessageID(number: 1_800_000_000_000_000))"
  static let damaged = #"{"error":"io.posthouse.Relay.SpoolRefused","parameters":{"reason":"it is damaged"}}"#

  static let refusals: [(String, String)] = [
    (#"{"method":"io.posthouse.Relay.Hold","parameters":{"id":"\#(id)"}}"#, "io.posthouse.Relay.WrongState"),
    (#"{"method":"io.posthouse.Relay.Release","parameters":{"id":"\#(id)"}}"#, "io.posthouse.Relay.MessageIsActive"),
    (#"{"method":"io.posthouse.Relay.Remove","parameters":{"id":"1k52wm9h0e2"}}"#, "io.posthouse.Relay.NoSuchMessage"),
    (#"{"method":"io.posthouse.Relay.Remove"}"#, "org.varlink.service.InvalidParameter"),
    (#"{"method":"io.posthouse.Relay.Remove","parameters":{"id":"\#(id)","force":true}}"#, "org.varlink.service.InvalidParameter"),
    (
      #"{"method":"io.posthouse.Relay.Redirect","parameters":{"id":"\#(id)","recipients":["a b@c"]}}"#,
      "io.posthouse.Relay.InvalidRecipient"
    ),
    (#"{"method":"io.posthouse.Relay.Redirect","parameters":{"id":"\#(id)","recipients":[]}}"#, "org.varlink.service.InvalidParameter"),
    (#"{"method":"io.posthouse.Relay.Redirect","parameters":{"id":"\#(id)"}}"#, "org.varlink.service.InvalidParameter"),
    (
      #"{"method":"io.posthouse.Relay.Redirect","parameters":{"id":"\#(id)","recipients":["a@b.c","b@b.c","c@b.c"]}}"#,
      "io.posthouse.Relay.SpoolRefused"
    ),
    (#"{"method":"io.posthouse.Relay.Export","parameters":{"id":"\#(id)"}}"#, "org.varlink.service.ExpectedMore"),
    (#"{"method":"io.posthouse.Relay.Export","parameters":{"id":"1k52wm9h0e2"},"more":true}"#, "io.posthouse.Relay.NoSuchMessage"),
    (#"{"method":"io.posthouse.Relay.Explode"}"#, "org.varlink.service.MethodNotFound"),
    (#"{"method":"io.example.Other.Do"}"#, "org.varlink.service.InterfaceNotFound"),
    (#"{"method":"io.posthouse.Relay.List"}"#, "org.varlink.service.ExpectedMore"),
    (#"{"method":"io.posthouse.Relay.List","parameters":{"state":"lost"},"more":true}"#, "org.varlink.service.InvalidParameter"),
    (#"{"method":"io.posthouse.Relay.List","parameters":{"sate":"held"},"more":true}"#, "org.varlink.service.InvalidParameter"),
    (#"{"method":"io.posthouse.Relay.List","parameters":{"id":"nonsense!"},"more":true}"#, "io.posthouse.Relay.NoSuchMessage"),
    (#"{"method":"io.posthouse.Relay.Flush","parameters":{"id":"1k52wm9h0e2"}}"#, "io.posthouse.Relay.NoSuchMessage"),
    (#"{"method":"io.posthouse.Relay.Flush","parameters":{"id":7}}"#, "org.varlink.service.InvalidParameter"),
    (#"{"method":"io.posthouse.Relay.GetStatus","parameters":{"x":1}}"#, "org.varlink.service.InvalidParameter"),
    (
      #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"a.b"}}"#,
      "org.varlink.service.InterfaceNotFound"
    ),
  ]

  @Test(arguments: refusals) func `what cannot be answered is refused by its name, and the talk goes on`(call: String, error: String) {
    converse(messages: 3) { client, desk in
      try await client.send(call)
      #expect(try await client.next().contains(#""error":"\#(error)""#))
      try await client.send(#"{"method":"io.posthouse.Relay.Flush"}"#)
      #expect(try await client.next().contains("scheduled"))
      #expect(desk.notes == ["flush all"])
    }
  }

  static let garbage: [String] = [
    "\0", "{\0", "[]\0", "7\0", "{}\0", #"{"method":7}"# + "\0", #"{"method":"nodots"}"# + "\0",
    #"{"method":"a.b","more":"yes"}"# + "\0", #"{"method":"a.b","more":true,"oneway":true}"# + "\0",
    #"{"method":"a.b","parameters":[]}"# + "\0",
    "GET / HTTP/1.1\r\n\r\n\0", String(repeating: "[", count: 10_000) + "\0", "\u{fffd}\u{1}\0",
    #"{"method":"a.b","method":"c.d"}"# + "\0",
  ]

  @Test(arguments: garbage) func `what is no Varlink ends the talk, behind the answers to what came before`(bytes: String) {
    converse(messages: 1) { client, _ in
      try await client.sendRaw(#"{"method":"io.posthouse.Relay.Flush"}"# + "\0" + bytes)
      #expect(try await client.next() == #"{"parameters":{"scheduled":1}}"#)
      #expect(await client.isCutOff())
    }
  }

  @Test func `a message without an end is cut off at a mebibyte`() {
    converse(messages: 1) { client, _ in
      let piece = String(repeating: "x", count: 65_536)
      var sent = 0
      while sent < 64, await client.offer(#"{"method":""# + piece) { sent += 1 }
      #expect((16...20).contains(sent), "\(sent) pieces of 64 KiB were taken")
      #expect(await client.isCutOff())
    }
  }

  @Test func `calls in one piece are answered in their order, and oneway calls not at all`() {
    converse(messages: 2) { client, desk in
      try await client.sendRaw(
        #"{"method":"io.posthouse.Relay.Flush","oneway":true}"# + "\0" + #"{"method":"io.posthouse.Relay.List","more":true}"# + "\0"
          + #"{"method":"io.posthouse.Relay.Explode","oneway":true}"# + "\0" + #"{"method":"io.posthouse.Relay.Flush"}"# + "\0")
      #expect(try await client.next().contains("message"))
      #expect(try await client.next().contains("message"))
      #expect(try await client.next().contains("scheduled"))
      #expect(desk.notes == ["flush all", "flush all"])
    }
  }

  @Test func `a call that comes byte by byte is one call`() {
    converse(messages: 2) { client, _ in
      for byte in #"{"method":"io.posthouse.Relay.Flush"}"#.utf8 + [0] {
        try await client.sendRaw(String(UnicodeScalar(byte)))
        await client.pause(.milliseconds(5))
      }
      #expect(try await client.next().contains("scheduled"))
    }
  }

  @Test func `a client that has sent all it wants still gets its answers`() {
    converse(messages: 300) { client, _ in
      try await client.send(#"{"method":"io.posthouse.Relay.List","more":true}"#)
      client.finish()
      for _ in 0..<300 { #expect(try await client.next().contains("message")) }
      #expect(await client.isCutOff())
    }
  }

  @Test func `a client that vanishes in the middle of ten thousand messages costs nothing more`() {
    converse(messages: 10_000) { client, desk in
      try await client.send(#"{"method":"io.posthouse.Relay.List","more":true}"#)
      for _ in 0..<20 { _ = try await client.next() }
      client.leave()
      await client.pause(.seconds(5))
      #expect(desk.described < 3000, "\(desk.described) messages were described to nobody")
    }
  }

  @Test func `a client that takes no answers is cut off, one that only listens may stay`() {
    converse(messages: 10_000) { client, desk in
      let idle = try await client.another()
      try await client.send(#"{"method":"io.posthouse.Relay.List","more":true}"#)
      await client.pause(.seconds(40))
      let described = desk.described
      await client.pause(.seconds(3600))
      #expect(desk.described == described && described < 10_000)
      try await idle.send(#"{"method":"io.posthouse.Relay.Flush"}"#)
      #expect(try await idle.next().contains("scheduled"))
      idle.leave()
    }
  }

  @Test func `clients that ask much and read nothing do not keep the others out`() {
    converse(messages: 1) { client, _ in
      let call = #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"io.posthouse.Relay"}}"# + "\0"
      var rude: [ControlClient] = []
      for _ in 0..<80 {
        let one = try await client.another()
        _ = await one.offer(String(repeating: call, count: 100))
        rude.append(one)
      }
      await client.pause(.seconds(120))
      let polite = try await client.another()
      try await polite.send(#"{"method":"io.posthouse.Relay.Flush"}"#)
      #expect(try await polite.next().contains("scheduled"))
      for one in rude + [polite] { one.leave() }
    }
  }

  @Test func `more clients than there are places wait until one goes`() {
    converse(messages: 1) { client, _ in
      var others: [ControlClient] = []
      for _ in 0..<70 { others.append(try await client.another()) }
      for one in others { try await one.send(#"{"method":"io.posthouse.Relay.Flush"}"#) }
      for one in others.prefix(63) { #expect(try await one.next().contains("scheduled")) }
      #expect(!others[69].hasHeard)
      for one in others.prefix(63) { one.leave() }
      for one in others.suffix(7) { #expect(try await one.next().contains("scheduled")) }
      for one in others.suffix(7) { one.leave() }
    }
  }

  @Test func `closing ends every talk, those that wait and those that are under way`() {
    converse(messages: 10_000) { client, _ in
      var others: [ControlClient] = []
      for number in 0..<80 {
        others.append(try await client.another())
        if number % 3 == 0 { try await others[number].send(#"{"method":"io.posthouse.Relay.List","more":true}"#) }
      }
      await client.pause(.milliseconds(3))
      for one in others where !one.hasHeard { one.leave() }
    }
  }
}

/// Runs a talk of one client with a server whose desk has so many messages; afterwards the server must come to its end.
private func converse(
  messages: Int, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: @escaping @Loop (ControlClient, StandInDesk) async throws -> Void
) {
  _ = World.run("control", failed: { Issue.record("\($0)", sourceLocation: sourceLocation) }) { world in
    let network = SimulatedNetwork(world.loop)
    let desk = StandInDesk(world.loop, messages: messages)
    let server = ControlServer(world.loop, desk)
    server.serve(try network.listen(on: .unix("/sim/control")))
    let client = try await ControlClient(world.loop, network)
    do {
      try await body(client, desk)
    } catch {
      Issue.record("\(error)", sourceLocation: sourceLocation)
    }
    client.leave()
    let begun = world.loop.moment
    await server.close()
    #expect(world.loop.moment - begun < .seconds(2), sourceLocation: sourceLocation)
  }
}
