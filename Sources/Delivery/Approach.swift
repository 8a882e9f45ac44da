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

  /// A connection to the upstream; behind a proxy, its first words may be here already.
  func connect() async throws(Setback) -> Wire {
    guard let host = settings.host else { preconditionFailure("only an upstream that is a host is connected to") }
    let deadline = loop.moment + settings.connectTimeout
    guard let proxy = settings.connection.proxy else { return Wire(try await connect(to: host, settings.port, until: deadline)) }
    let password = try await Credentials(loop: loop, means: means, settings: settings).proxyPassword()
    let stream: any ByteStream
    do throws(Setback) {
      stream = try await connect(to: proxy.host, proxy.port, until: deadline)
    } catch {
      throw Setback(.connect, Approach.failure(error, of: proxy))
    }
    var wire = Wire(stream)
    do throws(Setback) {
      try await ProxyTunnel(proxy: proxy, password: password, deadline: deadline).open(&wire, to: host, port: settings.port)
      return wire
    } catch {
      stream.close()
      throw error
    }
  }

  /// What it means that the proxy cannot be connected to.
  private static func failure(_ setback: Setback, of proxy: ProxyAddress) -> UpstreamFailure {
    switch setback.cause {
    case .failure(.hostNotFound(let name)): .proxyRefused("the proxy's name \"\(name)\" does not exist")
    case .failure(.connectionFailed(let why)): .proxyFailed("cannot connect to the proxy \(proxy.place): \(why)")
    case .failure(.lookupFailed(let why)): .proxyFailed("cannot look up the proxy \(proxy.place): \(why)")
    case .failure(let failure): failure
    case .reply: .proxyFailed("\(setback)")
    }
  }

  private func connect(to host: UpstreamHost, _ port: UInt16, until deadline: Moment) async throws(Setback) -> any ByteStream {
    switch host {
    case .address(let address): return try await connect(to: [SocketAddress(address, port: port)], until: deadline)
    case .name(let host): return try await connect(toName: host.name, port: port, until: deadline)
    case .capture: preconditionFailure("only an upstream that is a host is connected to")
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
    guard !sources.isEmpty else { return AddressRace.Lane(address: address, source: nil) }
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
