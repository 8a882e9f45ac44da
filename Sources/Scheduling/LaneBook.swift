// SPDX-License-Identifier: Apache-2.0
package import Mail

/// Which app has which lane: one for each systemd unit, for each user outside of units, and for each address where the kernel told neither.
///
/// Lanes are given in the order of asking and never taken back. Units may come and go under ever new names, so beyond ``LaneBook/most`` a
/// newcomer shares the lane of another, always the same one: fairness gets coarser then, memory does not grow.
package struct LaneBook: Sendable {
  private var lanes: [Name: Lane] = [:]

  /// A book without entries.
  package init() {}

  /// The lane of whoever handed a message in.
  package mutating func lane(of submitter: Submitter) -> Lane {
    let name = Name(submitter)
    if let known = lanes[name] { return known }
    guard lanes.count < LaneBook.most else { return Lane(number: UInt16(name.mark % UInt64(LaneBook.most))) }
    let lane = Lane(number: UInt16(lanes.count))
    lanes[name] = lane
    return lane
  }

  /// How many lanes were given.
  package var count: Int { lanes.count }

  /// The most lanes there are.
  package static let most = 4096

  private enum Name: Hashable {
    case unit(String)
    case user(UInt32)
    case peer(String)

    init(_ submitter: Submitter) {
      if let unit = submitter.unit {
        self = .unit(unit)
      } else if let user = submitter.user {
        self = .user(user)
      } else {
        // A port changes with every connection and tells nothing.
        self = .peer(submitter.peer.lastIndex(of: ":").map { String(submitter.peer[..<$0]) } ?? submitter.peer)
      }
    }

    /// A number that is the same in every run (FNV-1a), unlike a hash value.
    var mark: UInt64 {
      let text =
        switch self {
        case .unit(let unit): "unit " + unit
        case .user(let user): "user \(user)"
        case .peer(let peer): "peer " + peer
        }
      return text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
  }
}
