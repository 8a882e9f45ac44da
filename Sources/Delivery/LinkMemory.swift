// SPDX-License-Identifier: Apache-2.0
import EventLoop
import TLS

/// What one connection leaves behind for the next ones to the same upstream: addresses and what they are worth, TLS made ready, tickets to
/// resume it, and the date of the certificate.
@Loop final class LinkMemory {
  /// What is known of addresses.
  var addresses = AddressBook()
  /// Policies made ready for handshakes.
  let contexts = TLSContexts()
  /// Sessions that can be gone on with.
  var tickets = TLSTickets()
  /// When the certificate ends.
  var certificate = CertificateWatch()

  /// Nothing is known yet.
  init() {}

  /// Has everything that decides about trust read again before the next handshake.
  func forgetTrust() {
    contexts.forgetAll()
    tickets.removeAll()
  }

  /// Forgets everything: the settings were read anew.
  func removeAll() {
    addresses.removeAll()
    certificate = CertificateWatch()
    forgetTrust()
  }
}
