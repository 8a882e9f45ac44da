// SPDX-License-Identifier: Apache-2.0
package import LinuxSystem
package import Spool
package import TLS

/// Why the relay could not start.
package enum RelayFailure: Error, Sendable {
  /// The spool could not be opened.
  case spool(SpoolFailure)
  /// A place to take mail in, or the control socket, could not be opened.
  case listening(address: String, SystemFailure)
  /// The certificate for clients that want TLS is of no use.
  case certificate(TLSContextFailure)
}

extension RelayFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .spool(let failure): "spool: \(failure)"
    case .certificate(let failure): "Listen.CertificateFile: \(failure)"
    case .listening(let address, let failure): "cannot listen on \(address): \(failure.reason)\(RelayFailure.remedy(failure))"
    }
  }

  private static func remedy(_ failure: SystemFailure) -> String {
    switch failure.reason {
    case "address already in use": "; another mail server may run here: stop it, or change Listen.Address"
    case "permission denied": "; ports below 1024 need posthoused.socket or the capability to bind them"
    case "cannot assign requested address": "; this machine has no such address"
    case "no such file or directory": "; make the directory first"
    default: ""
    }
  }
}
