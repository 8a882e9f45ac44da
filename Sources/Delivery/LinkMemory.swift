// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Secrets
import TLS

/// What one connection leaves behind for the next ones to the same upstream: addresses and what they are worth, TLS made ready, tickets to
/// resume it, the date of the certificate, and which state of the files it was made with.
@Loop final class LinkMemory {
  /// What is known of addresses.
  var addresses = AddressBook()
  /// Policies made ready for handshakes.
  let contexts = TLSContexts()
  /// Sessions that can be gone on with.
  var tickets = TLSTickets()
  /// When the certificate ends.
  var certificate = CertificateWatch()

  /// The files that connections are made with, as they were when the last one began.
  private(set) var files: FileSignature?

  /// Nothing is known yet.
  init() {}

  /// A connection begins; what was made of other files is of no use to it.
  func began(with files: FileSignature) {
    if self.files != files { forgetTrust() }
    self.files = files
  }

  /// Has everything that decides about trust read again before the next handshake.
  func forgetTrust() {
    contexts.forgetAll()
    tickets.removeAll()
  }

  /// Forgets everything: the settings were read anew.
  func removeAll() {
    addresses.removeAll()
    certificate = CertificateWatch()
    files = nil
    forgetTrust()
  }
}
