// SPDX-License-Identifier: Apache-2.0

/// Where a server of the tests is to be found: ports that are free, an authority and its certificate for `localhost`, and an inbox.
package struct UpstreamPlace: Sendable {
  let port: UInt16
  let tlsPort: UInt16
  let authority: CertificateAuthority
  let identity: CertificateAuthority.Identity
  let inbox: Maildir

  init(_ rig: Rig, inbox path: String) throws {
    (port, tlsPort) = (try LoopbackListener.freePort(), try LoopbackListener.freePort())
    authority = try CertificateAuthority(rig)
    identity = try authority.issue("localhost", rig)
    inbox = Maildir(path)
  }
}
