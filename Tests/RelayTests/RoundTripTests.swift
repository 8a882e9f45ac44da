// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Relay
import Simulation
import Testing
import Timekeeping

/// How many round trips to a distant upstream a message costs, counted in virtual time: nothing else takes any.
///
/// Postfix, which waits for each answer, needs three: envelope, body, and RSET before the next message on the connection.
@Suite struct RoundTripTests {
  /// What an upstream offers, and the most round trips that a message may take on one connection.
  struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let offers: [String]
    let settings: String
    let most: Double

    init(_ name: String, _ offers: [String], _ settings: String = "", most: Double) {
      testDescription = name
      self.offers = offers
      self.settings = settings
      self.most = most
    }
  }

  static let rows = [
    Row("CHUNKING and PIPELINING, four unanswered", ["PIPELINING", "CHUNKING"], most: 0.27),
    Row("CHUNKING and PIPELINING, one unanswered", ["PIPELINING", "CHUNKING"], "UnansweredMessages=1\n", most: 1.05),
    Row("PIPELINING", ["PIPELINING"], most: 1.05),
    Row("neither", [], most: 4.05),
  ]

  @Test(arguments: rows) func `a message costs no more round trips than what is offered makes necessary`(row: Row) {
    run(row.testDescription) { world in
      let trip = Duration.milliseconds(100)
      let house = try await House(
        world, "[Upstream]\nConnections=1\nMessagesPerConnection=1000\n\(row.settings)", latency: trip / 2
      ) { upstream, _ in upstream.offers = row.offers }
      let count = 200
      house.upstream.stop()
      for number in 0..<count { try await house.submit(to: ["to\(number)@b.example"]) }
      try house.upstream.start()
      _ = house.relay.flush(nil)
      #expect(await house.drain(within: .seconds(3600)))
      let times = house.takings.messages.map(\.at)
      let (first, last) = (try #require(times.first), try #require(times.last))
      let trips = Double((last - first) / .milliseconds(1)) / Double(trip / .milliseconds(1)) / Double(count - 1)
      #expect(times.count == count)
      #expect(trips <= row.most, "\(trips) round trips for each message")
      #expect(trips > row.most * 0.8, "\(trips) round trips for each message: the row asks too little")
      await house.stop()
    }
  }
}
