// SPDX-License-Identifier: Apache-2.0
internal import CCares
internal import EventLoop
internal import LinuxSystem
internal import Timekeeping

/// One name looked up in DNS, in both families side by side.
///
///     asked ──► one family answered ──(the other's answer, or the grace)──► done
///         └────────(both denied, the deadline, cancelled)──────────────► failed
@Loop final class CaresLookup {
  private let name: String
  private let loop: EventLoop
  private let manner: CaresResolver.Manner
  private let channel: CaresChannel
  private let berth: Berth
  private var v6: Answer?
  private var v4: Answer?
  private var graceEnd = Moment.distantFuture
  private var isCancelled = false

  /// A look-up by the machine's settings, which are read now.
  init(_ name: String, _ loop: EventLoop, _ driver: EpollDriver, _ manner: CaresResolver.Manner) {
    self.name = name
    self.loop = loop
    self.manner = manner
    berth = Berth(loop)
    channel = CaresChannel(loop, driver)
  }

  /// Asks, and waits for what there is to know; to be called once. With `isComplete` the name is not tried with the domains of resolv.conf.
  func run(isComplete: Bool, port: UInt16, until deadline: Moment) async throws(ResolutionFailure) -> Resolution {
    defer { channel.close() }
    let question = isComplete ? name + "." : name
    try await ask(question, .anyServer, until: deadline)
    if found.isEmpty, statuses.contains(ARES_ECONNREFUSED), loop.moment < deadline {
      channel.close()
      try await ask(question, .firstServer, until: deadline)
    }
    return try conclude(port)
  }

  /// Ends the wait.
  func cancel() {
    isCancelled = true
    berth.wake(.cancelled)
  }

  /// Asks for what is not known yet. With any server, one that refuses is passed over for the next, and c-ares forgets how it refused; so
  /// when all did, the first is asked once more, and its word taken as it is.
  private func ask(_ question: String, _ trust: CaresChannel.Trust, until deadline: Moment) async throws(ResolutionFailure) {
    let status = channel.open(manner, trust)
    guard status == ARES_SUCCESS else { throw .notAsked(name, reason: CaresChannel.words(for: status)) }
    if v6?.isRefusal != false {
      v6 = nil
      channel.ask(question, family: AF_INET6) { status, found in self.v6 = self.note(status, found) }
    }
    if v4?.isRefusal != false {
      v4 = nil
      channel.ask(question, family: AF_INET) { status, found in self.v4 = self.note(status, found) }
    }
    while !isCancelled, v4 == nil || v6 == nil, loop.moment < deadline, loop.moment < graceEnd {
      _ = await berth.wait(until: min(deadline, graceEnd))
    }
    if isCancelled { throw .cancelled }
  }

  private var found: [[FoundAddress]] { [v6?.found ?? [], v4?.found ?? []].filter { !$0.isEmpty } }

  private var statuses: [Int32] { [v6?.status ?? ARES_ETIMEOUT, v4?.status ?? ARES_ETIMEOUT] }

  private func note(_ status: Int32, _ found: [FoundAddress]) -> Answer {
    berth.wake()
    guard status == ARES_SUCCESS, !found.isEmpty else { return .failed(status == ARES_SUCCESS ? ARES_ENODATA : status) }
    graceEnd = min(graceEnd, loop.moment + manner.grace)
    return .found(found)
  }

  private func conclude(_ port: UInt16) throws(ResolutionFailure) -> Resolution {
    let families = found
    var addresses: [SocketAddress] = []
    for rank in 0..<CaresChannel.mostAddresses {
      for family in families where rank < family.count { addresses.append(family[rank].address.with(port: port)) }
    }
    if addresses.isEmpty { throw failure }
    let lifetime = families.joined().map(\.lifetime).min() ?? 0
    return Resolution(
      addresses: Array(addresses.prefix(CaresChannel.mostAddresses)), lifetime: .seconds(min(lifetime, CaresLookup.longestLifetime)))
  }

  /// What two families without an address come to: doubt weighs more than a denial.
  private var failure: ResolutionFailure {
    if let doubt = statuses.first(where: { ![ARES_ENOTFOUND, ARES_ENODATA, ARES_ETIMEOUT, ARES_ECONNREFUSED].contains($0) }) {
      return .refused(name, servers: channel.servers, reason: CaresChannel.words(for: doubt))
    }
    if statuses.contains(where: { $0 == ARES_ETIMEOUT || $0 == ARES_ECONNREFUSED }) { return .noAnswer(name, servers: channel.servers) }
    return statuses.contains(ARES_ENODATA) ? .noAddress(name) : .noSuchName(name)
  }

  /// What one family came to.
  private enum Answer {
    case found([FoundAddress])
    case failed(Int32)

    var found: [FoundAddress] {
      switch self {
      case .found(let found): found
      case .failed: []
      }
    }

    /// Whether every server refused, or could not be reached.
    var isRefusal: Bool { status == ARES_ECONNREFUSED }

    var status: Int32 {
      switch self {
      case .found: ARES_SUCCESS
      case .failed(let status): status
      }
    }
  }

  /// A day, in seconds.
  private static let longestLifetime: Int64 = 86_400
}
