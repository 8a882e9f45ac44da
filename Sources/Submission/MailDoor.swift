// SPDX-License-Identifier: Apache-2.0
package import EventLoop

/// A place where mail comes in, with the way it is protected.
@Loop package struct MailDoor {
  /// Where connections arrive.
  package let listener: any Listener
  /// Whether TLS is spoken there from the first byte.
  package let protection: Protection

  /// A door over an open listener.
  package init(_ listener: any Listener, _ protection: Protection = .clear) {
    self.listener = listener
    self.protection = protection
  }

  /// How a connection through a door begins.
  package enum Protection: Hashable, Sendable {
    /// In clear; STARTTLS is offered where there is a certificate.
    case clear
    /// With the handshake of TLS.
    case implicitTLS
  }
}
