// SPDX-License-Identifier: Apache-2.0
import Harness

extension Destination {
  /// The same destination from so far away that a round trip takes this long; the bandwidth stays as it is.
  func seen(from roundTrip: Duration, _ rig: Rig) throws -> Destination {
    func distant(_ port: UInt16) throws -> UInt16 { try DelayingProxy(rig, before: port, delay: roundTrip / 2).port }
    return switch self {
    case .nowhere: self
    case .plain(let port): .plain(port: try distant(port))
    case .secure(let port, let authority): .secure(port: try distant(port), authority: authority)
    }
  }
}
