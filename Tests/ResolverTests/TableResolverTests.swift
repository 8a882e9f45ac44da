// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Resolver
import Simulation
import Testing
import Timekeeping

@Suite struct TableResolverTests {
  @Test func `a table answers in virtual time, and as the real one for what it does not know`() {
    EventLoop.run(SimulatedDriver()) { loop in
      let resolver = TableResolver(loop, latency: .seconds(1))
      resolver.set("mail.example.com", to: [.v4([192, 0, 2, 1], port: 0)])
      resolver.set("broken.example.com", to: .refused("broken.example.com", servers: "x", reason: "y"))
      let start = loop.moment
      func result(_ name: String, until deadline: Moment = .distantFuture) async -> Result<Resolution, ResolutionFailure> {
        do throws(ResolutionFailure) {
          return .success(try await resolver.resolve(name, port: 25, until: deadline))
        } catch {
          return .failure(error)
        }
      }
      let found = await result("mail.example.com")
      #expect(found == .success(Resolution(addresses: [.v4([192, 0, 2, 1], port: 25)], lifetime: .seconds(300))))
      #expect(loop.moment - start == .seconds(1))
      let unknown = await result("nowhere.example.com")
      #expect(unknown == .failure(.noSuchName("nowhere.example.com")))
      let broken = await result("broken.example.com")
      #expect(broken == .failure(.refused("broken.example.com", servers: "x", reason: "y")))
      let late = await result("mail.example.com", until: loop.moment + .milliseconds(500))
      #expect(late == .failure(.noAnswer("mail.example.com", servers: "the table")))
      loop.schedule(at: loop.moment + .milliseconds(500)) { resolver.cancelAll() }
      let cancelled = await result("mail.example.com")
      #expect(cancelled == .failure(.cancelled))
      #expect(resolver.asked.count == 5)
    }
  }
}
