// SPDX-License-Identifier: Apache-2.0
package import LinuxSystem
package import Spool
package import TLS

/// Why the relay could not start.
package enum RelayFailure: Error, Sendable {
  /// The spool could not be opened.
  case spool(SpoolFailure)
  /// A place to take mail in, or the control socket, could not be opened; `setting` names it.
  case listening(address: String, setting: String, SystemFailure)
  /// The certificate for clients that want TLS is of no use.
  case certificate(TLSContextFailure)

  /// Whether only a person can change it, so that starting again is of no use.
  package var isLasting: Bool {
    switch self {
    case .certificate: true
    case .listening(_, let setting, _): setting.hasSuffix("Group")
    case .spool: false
    }
  }
}

extension RelayFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .spool(let failure): "spool: \(failure)"
    case .certificate(let failure): "Listen.CertificateFile: \(failure); \(failure.remedy)"
    case .listening(let address, let setting, let failure):
      "cannot listen on \(address): \(failure.reason)\(RelayFailure.remedy(failure, setting))"
    }
  }

  private static func remedy(_ failure: SystemFailure, _ setting: String) -> String {
    switch (failure.call, failure.reason) {
    case ("find the group", _): "; this machine has no group \(failure.subject): make it, or correct \(setting)"
    case ("change the group of", _):
      "; the service may only give away what it is a member of: SupplementaryGroups= in a drop-in of its unit"
    case (_, "address already in use"):
      setting == "Control.Socket"
        ? "; another posthoused may run here: stop it, or change \(setting)"
        : "; another mail server may run here: stop it, or change \(setting)"
    case (_, "permission denied"):
      setting == "Listen.Address" ? "; ports below 1024 need posthoused.socket or the capability to bind them" : "; correct \(setting)"
    case (_, "cannot assign requested address"): "; this machine has no such address: correct \(setting)"
    case (_, "no such file or directory"): "; make the directory first, or correct \(setting)"
    default: ""
    }
  }
}
