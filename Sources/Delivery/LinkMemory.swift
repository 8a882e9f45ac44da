// SPDX-License-Identifier: Apache-2.0
import EventLoop
import TLS

/// What one connection leaves behind for the next ones: addresses and what they are worth, and TLS made ready.
@Loop final class LinkMemory {
  /// What is known of addresses.
  var addresses = AddressBook()
  /// Policies made ready for handshakes.
  let contexts = TLSContexts()

  /// Nothing is known yet.
  init() {}

  /// Forgets everything: the settings were read anew.
  func removeAll() {
    addresses.removeAll()
    contexts.forgetAll()
  }
}
