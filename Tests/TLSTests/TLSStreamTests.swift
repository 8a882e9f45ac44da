// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Octets
import Simulation
import TLS
import TLSTerms
import TLSTransport
import Testing
import Timekeeping

/// TLS over streams of the loop, in the roles of upstream connection and listener.
@Suite struct TLSStreamTests {
  let authority = TestAuthority.shared

  @Test func `a conversation begins in plain text and goes on under TLS, on real sockets`() throws {
    let (client, server) = (try TLSContext(authority.client()), try TLSContext(authority.server()))
    let driver = try EpollDriver()
    EventLoop.run(driver) { loop in
      await TLSStreamTests.converse(loop, LinuxNetwork(loop, driver), client, server)
    }
  }

  @Test func `and in virtual time`() throws {
    let (client, server) = (try TLSContext(authority.client()), try TLSContext(authority.server()))
    EventLoop.run(SimulatedDriver()) { loop in
      await TLSStreamTests.converse(loop, SimulatedNetwork(loop, latency: .milliseconds(50)), client, server)
    }
  }

  @Test func `a server that speaks plain text where TLS is expected is named`() throws {
    let client = try TLSContext(authority.client())
    EventLoop.run(SimulatedDriver()) { loop in
      do {
        let network = SimulatedNetwork(loop)
        let listener = try network.listen(on: .v4([127, 0, 0, 1], port: 465))
        loop.spawn {
          guard let stream = try? await listener.accept() else { return }
          var wire = Wire(stream)
          wire.output.append("220 mx ESMTP\r\n")
          _ = try? await wire.flush(until: .distantFuture)
        }
        let stream = TLSStream(
          try await network.connect(to: listener.address, from: nil, until: .distantFuture),
          TLSSession(client: client, to: "mail.example.com"))
        do throws(WireFailure) {
          try await stream.handshake(until: loop.moment + .seconds(10))
          Issue.record("it went on")
        } catch {
          #expect(error == .tls(.plainText(from: .server, excerpt: "220 mx ESMTP")))
        }
        stream.close()
        listener.close()
      } catch {
        Issue.record("\(error)")
      }
    }
  }

  @Test func `a silent server ends the handshake at its deadline`() throws {
    let client = try TLSContext(authority.client())
    EventLoop.run(SimulatedDriver()) { loop in
      do {
        let network = SimulatedNetwork(loop)
        let listener = try network.listen(on: .v4([127, 0, 0, 1], port: 465))
        let stream = TLSStream(
          try await network.connect(to: listener.address, from: nil, until: .distantFuture),
          TLSSession(client: client, to: "mail.example.com"))
        do throws(WireFailure) {
          try await stream.handshake(until: loop.moment + .seconds(10))
          Issue.record("nobody speaks")
        } catch {
          #expect(error == .timedOut)
        }
        stream.close()
        listener.close()
      } catch {
        Issue.record("\(error)")
      }
    }
  }

  /// STARTTLS in miniature: a plain greeting, then both sides upgrade, then a megabyte each way and an orderly end.
  @Loop private static func converse(_ loop: EventLoop, _ network: any Network, _ client: TLSContext, _ server: TLSContext) async {
    let deadline = loop.moment + .seconds(60)
    do {
      let listener = try network.listen(on: .v4([127, 0, 0, 1], port: 0))
      loop.spawn {
        do {
          var wire = Wire(try await listener.accept())
          wire.output.append("220 go ahead\r\n")
          try await wire.flush(until: deadline)
          let stream = TLSStream(wire.stream, TLSSession(server: server))
          try await stream.handshake(until: deadline)
          #expect(stream.tlsPeer?.isVerified == false)
          wire.stream = stream
          try await answer(&wire, deadline)
          stream.close()
        } catch {
          Issue.record("\(error)")
        }
      }
      var wire = Wire(try await network.connect(to: listener.address, from: nil, until: deadline))
      let greeting = try await wire.nextLine(limit: 100, until: deadline)
      wire.input.consume(greeting)
      let stream = TLSStream(wire.stream, TLSSession(client: client, to: "mail.example.com"))
      try await stream.handshake(until: deadline)
      #expect(stream.tlsPeer?.isVerified == true)
      wire.stream = stream
      let line = String(repeating: "x", count: 998) + "\r\n"
      for _ in 0..<20 {
        for _ in 0..<50 { wire.output.append(line) }
        for _ in 0..<50 {
          let length = try await wire.nextLine(limit: 2000, until: deadline)
          #expect(length == 1000)
          wire.input.consume(length)
        }
      }
      #expect(stream.takeTicket() != nil)
      wire.output.append("QUIT\r\n")
      try await wire.flush(until: deadline)
      do throws(WireFailure) {
        try await wire.fill(until: deadline)
        Issue.record("the other side has closed")
      } catch {
        #expect(error == .ended)
      }
      stream.close()
      listener.close()
    } catch {
      Issue.record("\(error)")
    }
  }

  /// Sends every line back until QUIT.
  @Loop private static func answer(_ wire: inout Wire, _ deadline: Moment) async throws(WireFailure) {
    while true {
      let length = try await wire.nextLine(limit: 2000, until: deadline)
      let line = wire.input.bytes.extracting(first: length).array
      wire.input.consume(length)
      if line == Array("QUIT\r\n".utf8) { return }
      wire.output.append(line)
      if wire.output.count > 50_000 { try await wire.flush(until: deadline) }
    }
  }
}
