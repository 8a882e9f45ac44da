// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Octets
import Resolver
import SMTP
import Settings
import Timekeeping

/// The way to an upstream's socket: its name, its addresses, the first of them that answers.
@Loop struct Approach {
  let loop: EventLoop
  let means: DeliveryMeans
  let memory: LinkMemory
  let settings: UpstreamSettings
  let lifeline: Lifeline

  /// A connection to the upstream, and the address it goes to.
  func connect() async throws(Setback) -> Wire {
    let deadline = loop.moment + settings.connectTimeout
    switch settings.host {
    case .address(let address): return Wire(try await connect(to: [SocketAddress(address, port: settings.port)], until: deadline))
    case .name(let host): return Wire(try await connect(toName: host.name, port: settings.port, until: deadline))
    case .capture, nil: preconditionFailure("only an upstream that is a host is connected to")
    }
  }

  private func connect(toName name: String, port: UInt16, until deadline: Moment) async throws(Setback) -> any ByteStream {
    let place = AddressBook.Place(name: name, port: port)
    do throws(Setback) {
      return try await connect(to: try await addresses(of: place, until: deadline), until: deadline)
    } catch {
      memory.addresses.doubt(place, at: loop.moment)
      throw error
    }
  }

  private func addresses(of place: AddressBook.Place, until deadline: Moment) async throws(Setback) -> [SocketAddress] {
    if let known = memory.addresses.addresses(of: place, at: loop.moment) { return known }
    do throws(ResolutionFailure) {
      let resolution = try await means.resolver.resolve(place.name, port: place.port, until: deadline)
      memory.addresses.keep(resolution, for: place, at: loop.moment)
      return resolution.addresses
    } catch {
      if error.isAboutName { throw Setback(.connect, .hostNotFound(place.name)) }
      if error != .cancelled, let former = memory.addresses.formerAddresses(of: place, at: loop.moment) { return former }
      throw Setback(.connect, .lookupFailed("\(error)"))
    }
  }

  private func connect(to addresses: [SocketAddress], until deadline: Moment) async throws(Setback) -> any ByteStream {
    let lanes = memory.addresses.order(addresses, at: loop.moment).compactMap(lane)
    guard !lanes.isEmpty else {
      let family = addresses.contains { $0.isIPv4 } ? "IPv4" : "IPv6"
      throw Setback(.connect, .sourceUnavailable("the upstream has only \(family) addresses, and SourceAddress= names none"))
    }
    let result = await AddressRace(loop, means.network, lifeline, until: deadline).run(lanes)
    for loser in result.losers { memory.addresses.doubt(loser.address, at: loop.moment) }
    guard let (address, stream) = result.winner else { throw Setback(.connect, failure(result.losers)) }
    memory.addresses.trust(address)
    return stream
  }

  /// An address with the one of ours that goes with it; nil when ours are all of the other family.
  private func lane(to address: SocketAddress) -> AddressRace.Lane? {
    let sources = settings.connection.sources
    guard !sources.isEmpty, !address.isLoopback else { return AddressRace.Lane(address: address, source: nil) }
    guard let source = sources.first(where: { $0.isIPv4 == address.isIPv4 }) else { return nil }
    return AddressRace.Lane(address: address, source: SocketAddress(source, port: 0))
  }

  /// What a race without a winner comes to: every address with what became of it.
  private func failure(_ losers: [AddressRace.Loser]) -> UpstreamFailure {
    if lifeline.isCut { return UpstreamFailure(.cancelled) }
    var isOurs = !losers.isEmpty
    var words: [String] = []
    for loser in losers {
      switch loser.failure {
      case .system(let failure) where failure.call == "bind":
        words.append("cannot connect from SourceAddress \(failure.subject.dropLast(":0".count)): \(failure.reason)")
        continue
      case .system(let failure): words.append("\(loser.address): \(failure.reason)")
      case .timedOut, nil: words.append("\(loser.address): no answer in time")
      case .cancelled, .ended, .lineTooLong, .tls: words.append("\(loser.address): \(loser.failure.map { "\($0)" } ?? "")")
      }
      isOurs = false
    }
    let rest = words.count > Approach.mostNamed ? "; and \(words.count - Approach.mostNamed) more" : ""
    let sentence = words.prefix(Approach.mostNamed).joined(separator: "; ") + rest
    if words.isEmpty { return .connectionFailed("there was no time left to connect") }
    return isOurs ? .sourceUnavailable(sentence) : .connectionFailed(sentence)
  }

  /// How many addresses a sentence names.
  private static let mostNamed = 8
}
