// SPDX-License-Identifier: Apache-2.0
import LinuxSystem
import Octets
import Resolver
import Timekeeping

/// What is remembered of addresses from one connection to the next: what names came to, and which addresses let us down.
///
/// A name is asked for again when its answer's time is over; an answer that is older still serves while the name servers are in trouble,
/// for a day (RFC 8767). An address that failed, or that a later one overtook, is tried behind the others for a while.
struct AddressBook {
  private var answers: [Place: Answer] = [:]
  private var doubts: [SocketAddress: Moment] = [:]

  /// A name with the port to reach it at.
  struct Place: Hashable {
    let name: String
    let port: UInt16
  }

  /// The addresses that a name came to, as long as they hold.
  func addresses(of place: Place, at now: Moment) -> [SocketAddress]? {
    guard let answer = answers[place], now < answer.end else { return nil }
    return answer.addresses
  }

  /// The addresses that a name came to once, for a time in which nobody can be asked.
  func formerAddresses(of place: Place, at now: Moment) -> [SocketAddress]? {
    guard let answer = answers[place], now < answer.end + AddressBook.grace else { return nil }
    return answer.addresses
  }

  /// Writes down what a name server said at `now`; what comes from elsewhere is asked for each time.
  mutating func keep(_ resolution: Resolution, for place: Place, at now: Moment) {
    guard let lifetime = resolution.lifetime else {
      answers[place] = nil
      return
    }
    if answers.count >= AddressBook.mostAnswers { answers = [:] }
    answers[place] = Answer(addresses: resolution.addresses, end: now + lifetime)
  }

  /// Has a name asked for again the next time: none of its addresses was any good.
  mutating func doubt(_ place: Place, at now: Moment) {
    if let answer = answers[place] { answers[place] = Answer(addresses: answer.addresses, end: min(answer.end, now)) }
  }

  /// An address let us down.
  mutating func doubt(_ address: SocketAddress, at now: Moment) {
    if doubts.count >= AddressBook.mostDoubts { doubts = doubts.filter { $0.value > now } }
    doubts[address] = now + AddressBook.memory
  }

  /// An address did well.
  mutating func trust(_ address: SocketAddress) { doubts[address] = nil }

  /// Forgets everything: the settings were read anew.
  mutating func removeAll() { self = AddressBook() }

  /// The order in which addresses are to be tried: those in good standing, families alternating, then the others, the longest
  /// doubted first.
  func order(_ addresses: [SocketAddress], at now: Moment) -> [SocketAddress] {
    let doubted = addresses.filter { (doubts[$0] ?? now) > now }
    let late = doubted.sorted { (doubts[$0] ?? now) < (doubts[$1] ?? now) }
    return AddressBook.alternated(addresses.filter { !doubted.contains($0) }) + late
  }

  /// The addresses with the families in turn, each in its own order; the first stays the first (RFC 8305 §4).
  private static func alternated(_ addresses: [SocketAddress]) -> [SocketAddress] {
    guard let first = addresses.first else { return [] }
    let leaders = addresses.filter { $0.isIPv4 == first.isIPv4 }
    let others = addresses.filter { $0.isIPv4 != first.isIPv4 }
    var result: [SocketAddress] = []
    for rank in 0..<max(leaders.count, others.count) {
      if rank < leaders.count { result.append(leaders[rank]) }
      if rank < others.count { result.append(others[rank]) }
    }
    return result
  }

  private struct Answer {
    let addresses: [SocketAddress]
    let end: Moment
  }

  /// How long an address stays in doubt.
  static let memory: Duration = .seconds(600)
  /// How long an answer serves behind its end.
  private static let grace: Duration = .seconds(86_400)
  private static let mostAnswers = 256
  private static let mostDoubts = 1024
}

extension SocketAddress {
  /// Whether it is of the older family.
  var isIPv4: Bool { if case .v4 = self { true } else { false } }
}
