// SPDX-License-Identifier: Apache-2.0
package import Octets

/// `[Listen]`: where mail comes in, how the way is protected, and how much of everything one client may use.
package struct ListenSettings: Hashable, Sendable {
  /// Where mail is taken in.
  package internal(set) var addresses: [ListenAddress] = [
    .tcp(IPAddress(127, 0, 0, 1), port: 25),
    .tcp(IPAddress(octets: ([UInt8](repeating: 0, count: 15) + [1]).span), port: 25),
  ]
  /// Where mail is taken in with TLS from the first byte.
  package internal(set) var tlsAddresses: [ListenAddress] = []
  /// The permissions of listening Unix sockets.
  package internal(set) var socketMode = FileMode(bits: 0o666)
  /// The group that owns them; nil leaves the daemon's own.
  package internal(set) var socketGroup: PlainName?
  /// Who may connect besides this machine.
  package internal(set) var networks: [AddressBlock] = []
  /// The certificate shown to clients that want TLS.
  package internal(set) var certificateFile: FilePath?
  /// Its private key.
  package internal(set) var keyFile: FilePath?
  /// Whether clients may turn TLS on.
  package internal(set) var startTLS = StartTLS.offered
  /// Whether local clients may log in with any name and password.
  package internal(set) var acceptAnyAuth = false
  /// The extensions offered.
  package internal(set) var extensions: [ServiceExtension] = [
    .pipelining, .size, .eightBitMIME, .smtpUTF8, .dsn, .chunking, .futureRelease, .requireTLS, .limits, .enhancedStatusCodes,
  ]
  /// How far into the future a client may put the delivery of a message.
  package internal(set) var maxHold: Duration = .seconds(30 * 86_400)
  /// Connections at one time.
  package internal(set) var maxConnections = 1000
  /// Connections of one user, or of one address where the user is unknown.
  package internal(set) var maxConnectionsPerClient = 500
  /// The largest message, as it travels.
  package internal(set) var maxMessageSize = ByteCount.mebibytes(35)
  /// Recipients of one message.
  package internal(set) var maxRecipients = 1000
  /// The longest command line.
  package internal(set) var maxCommandLine = 2048
  /// The longest line of a message; 0 is no limit.
  package internal(set) var maxTextLine = 0
  /// The largest header section.
  package internal(set) var maxHeaderSize = ByteCount.mebibytes(1)
  /// Refused commands before a connection is closed.
  package internal(set) var maxErrors = 10
  /// Messages over one connection.
  package internal(set) var maxTransactions = 1000
  /// `Received:` lines before a message is taken for a loop.
  package internal(set) var maxHops = 50
  /// Memory that messages on their way in may take together.
  package internal(set) var maxMemory = ByteCount.mebibytes(64)
  /// How long a client may take to say its next command.
  package internal(set) var commandTimeout: Duration = .seconds(300)
  /// How long a client may fall silent inside a message.
  package internal(set) var dataTimeout: Duration = .seconds(180)
  /// How long the handshake of TLS may take.
  package internal(set) var handshakeTimeout: Duration = .seconds(30)
  /// How long one message may take from MAIL to its end.
  package internal(set) var transactionTimeout: Duration = .seconds(3600)
  /// How long a connection may last in all.
  package internal(set) var connectionTimeout: Duration = .seconds(86_400)

  /// Every place where mail is taken in.
  package var everyAddress: [ListenAddress] { addresses + tlsAddresses }

  /// The certificate with its key; nil where the house has none.
  package var identity: (certificateFile: FilePath, keyFile: FilePath)? {
    guard let certificateFile, let keyFile else { return nil }
    return (certificateFile, keyFile)
  }
}
