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
  /// A socket could not be given to its group; `setting` names it.
  case grouping(address: String, setting: String, SystemFailure)
  /// The directory of the spool could not be made.
  case directory(SystemFailure)
  /// The certificate for clients that want TLS is of no use.
  case certificate(TLSContextFailure)

  /// Whether only a person can change it, so that starting again is of no use.
  package var isLasting: Bool {
    switch self {
    case .certificate, .grouping: true
    case .spool, .listening, .directory: false
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
    case .grouping(let address, let setting, let failure):
      "cannot listen on \(address): \(failure.reason); "
        + (failure.isAbsence
          ? "this machine has no group \(failure.subject): make it, or correct \(setting)"
          : "the service may only give away what it is a member of: SupplementaryGroups= in a drop-in of its unit")
    case .directory(let failure):
      "Spool.Directory: \(failure)"
        + (failure.isDenial || failure.isReadOnly ? "; ReadWritePaths= in a drop-in of the unit lets the service write there" : "")
    }
  }

  private static func remedy(_ failure: SystemFailure, _ setting: String) -> String {
    switch failure.reason {
    case "address already in use":
      "; another \(setting == "Control.Socket" ? "posthoused" : "mail server") may run here: stop it, or change \(setting)"
    case "permission denied":
      setting == "Control.Socket" ? "; correct \(setting)" : "; ports below 1024 need posthoused.socket or the capability to bind them"
    case "cannot assign requested address": "; this machine has no such address: correct \(setting)"
    case "no such file or directory": "; make the directory first, or correct \(setting)"
    default: ""
    }
  }
}
