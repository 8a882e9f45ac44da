// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets

/// The words of the server, in one place. Each says what is wrong and, where there is one, the remedy; none repeats what the client sent.
extension Reply {
  /// Mail cannot be stored: there is no room, or the disk does not do what it is told.
  package static var cannotStore: Reply { Reply(452, EnhancedStatus(4, 3, 1), "mail cannot be stored now; try again later") }
  /// The message is durable.
  static func queued(as id: MessageID) -> Reply {
    let text = String(capacity: 10 + MessageID.longestText) {
      $0.append("queued as ")
      id.append(to: &$0)
    }
    return Reply(250, EnhancedStatus(2, 0, 0), text)
  }

  static var senderAdmitted: Reply { Reply(250, EnhancedStatus(2, 1, 0), "sender ok") }
  static var recipientAdmitted: Reply { Reply(250, EnhancedStatus(2, 1, 5), "recipient ok") }
  static var sendData: Reply { Reply(354, "send the message, end it with CRLF.CRLF") }
  static var done: Reply { Reply(250, EnhancedStatus(2, 0, 0), "ok") }
  static var reset: Reply { Reply(250, EnhancedStatus(2, 0, 0), "transaction forgotten") }
  static var goodbye: Reply { Reply(221, EnhancedStatus(2, 0, 0), "goodbye") }
  static var cannotVerify: Reply { Reply(252, EnhancedStatus(2, 5, 2), "cannot verify, but will take mail and try to deliver it") }
  static func help(_ extensions: ServerOffer.Extensions) -> Reply {
    let more: [(ServerOffer.Extensions, String)] = [(.chunking, " BDAT"), (.startTLS, " STARTTLS"), (.anyAuth, " AUTH")]
    let commands = more.reduce("EHLO HELO MAIL RCPT DATA") { extensions.contains($1.0) ? $0 + $1.1 : $0 }
    return Reply(
      214, EnhancedStatus(2, 0, 0), commands + " RSET NOOP VRFY HELP QUIT", furtherLines: ["this is a local mail relay, see posthouse(1)"])
  }
  static func chunkTaken(_ size: Int) -> Reply { Reply(250, EnhancedStatus(2, 0, 0), "\(size) octets taken") }
  static var startTLS: Reply { Reply(220, EnhancedStatus(2, 0, 0), "begin TLS now") }
  static func continueLogin(_ prompt: String) -> Reply { Reply(334, prompt) }
  static var loggedIn: Reply { Reply(235, EnhancedStatus(2, 7, 0), "no login is needed here, and none was checked") }

  // What comes at the wrong time.
  static var greetFirst: Reply { Reply(503, EnhancedStatus(5, 5, 1), "say EHLO first") }
  static var encryptFirst: Reply { Reply(530, EnhancedStatus(5, 7, 0), "say STARTTLS first; mail from other machines comes by TLS only") }
  static var mailFirst: Reply { Reply(503, EnhancedStatus(5, 5, 1), "say MAIL FROM first") }
  static var noRecipients: Reply { Reply(554, EnhancedStatus(5, 5, 1), "no valid recipients") }
  static var transactionOpen: Reply { Reply(503, EnhancedStatus(5, 5, 1), "a transaction is open; end it or say RSET first") }
  static var chunksBegun: Reply {
    Reply(503, EnhancedStatus(5, 5, 1), "the message is being sent by BDAT; end it with BDAT LAST or say RSET")
  }
  static var binaryNeedsChunks: Reply { Reply(503, EnhancedStatus(5, 5, 1), "a message with BODY=BINARYMIME must be sent by BDAT") }
  static var alreadyEncrypted: Reply { Reply(503, EnhancedStatus(5, 5, 1), "TLS is on already") }
  static var alreadyLoggedIn: Reply { Reply(503, EnhancedStatus(5, 5, 1), "logged in already") }

  // What cannot be read.
  static var unknownCommand: Reply { Reply(500, EnhancedStatus(5, 5, 1), "command not known; HELP lists those that are") }
  static var unsupportedCommand: Reply { Reply(502, EnhancedStatus(5, 5, 1), "command not supported here") }
  static var notOffered: Reply { Reply(502, EnhancedStatus(5, 5, 1), "command not offered here; see the answer to EHLO for what is") }
  static var noLoginNeeded: Reply {
    Reply(502, EnhancedStatus(5, 5, 1), "AUTH is not offered: this relay needs no login; send without user and password")
  }
  static var controlCharacter: Reply { Reply(500, EnhancedStatus(5, 5, 2), "the command has a control character in it") }
  static var lineTooLong: Reply { Reply(500, EnhancedStatus(5, 5, 2), "command line too long") }
  static var noParameters: Reply { Reply(501, EnhancedStatus(5, 5, 4), "this command takes no parameters") }
  static var needsHostName: Reply {
    Reply(501, EnhancedStatus(5, 5, 4), "HELO and EHLO need the client's host name, printable and without spaces")
  }
  static var badMechanism: Reply { Reply(504, EnhancedStatus(5, 5, 4), "mechanism not offered; PLAIN and LOGIN are") }
  static var loginCancelled: Reply { Reply(501, EnhancedStatus(5, 7, 0), "login cancelled") }

  // What is too much.
  static var tooManyRecipients: Reply {
    Reply(452, EnhancedStatus(4, 5, 3), "too many recipients; send the message in several transactions")
  }
  static func tooLarge(limit: Int) -> Reply { CommandFault.tooLarge(limit: limit).reply }
  static var tooManyChunks: Reply { Reply(552, EnhancedStatus(5, 3, 4), "too many chunks; send larger ones") }
  static func headerTooLarge(limit: Int) -> Reply {
    Reply(552, EnhancedStatus(5, 3, 4), "the header section is larger than the limit of \(limit) bytes")
  }
  static func textLineTooLong(limit: Int) -> Reply {
    Reply(554, EnhancedStatus(5, 6, 0), "a line of the message is longer than the limit of \(limit) bytes")
  }
  static func tooManyHops(_ hops: Int) -> Reply {
    Reply(554, EnhancedStatus(5, 4, 6), "the message has passed \(hops) mail servers; it goes round in circles")
  }
  static func unsafeChunk(_ what: String) -> Reply {
    Reply(550, EnhancedStatus(5, 6, 11), "\(what) in the message; lines of text end with CR LF")
  }

  // Last words.
  static func unsafeBody(_ what: String) -> Reply {
    Reply(521, EnhancedStatus(5, 5, 2), "\(what) in the message; lines end with CR LF; closing")
  }
  static var bareLineFeed: Reply { Reply(500, EnhancedStatus(5, 5, 2), "bare LF behind a command; lines end with CR LF; closing") }
  static var talkedAhead: Reply { Reply(554, EnhancedStatus(5, 5, 0), "wait for the reply before sending more; closing") }
  static var talkedBeforeGreeting: Reply { Reply(554, EnhancedStatus(5, 5, 0), "wait for the greeting before sending anything; closing") }
  static var notHTTP: Reply { Reply(554, EnhancedStatus(5, 5, 1), "this is a mail relay, it does not speak HTTP; closing") }
  static var notTLS: Reply { Reply(554, EnhancedStatus(5, 5, 1), "this port does not begin with TLS; connect without; closing") }
  static var unreadableChunk: Reply {
    Reply(501, EnhancedStatus(5, 5, 4), "syntax: BDAT size [LAST]; closing, since the end of the chunk is not known")
  }
  static var chunkNotOffered: Reply { Reply(502, EnhancedStatus(5, 5, 1), "BDAT is not offered here; closing, since a chunk may follow") }
  static var tooManyErrors: Reply { Reply(421, EnhancedStatus(4, 7, 0), "too many errors; closing") }
  static var tooManyTransactions: Reply {
    Reply(421, EnhancedStatus(4, 7, 0), "enough messages on this connection; go on with a new one; closing")
  }

  /// The last words of a driver that ends a conversation.
  package static func interruption(_ reason: CloseReason.Interruption) -> Reply {
    switch reason {
    case .idle: Reply(421, EnhancedStatus(4, 4, 2), "timeout; closing")
    case .shuttingDown: Reply(421, EnhancedStatus(4, 3, 2), "the service is stopping; try again soon; closing")
    case .tooManyConnections: Reply(421, EnhancedStatus(4, 7, 0), "too many connections; try again later; closing")
    case .notAllowed: Reply(554, EnhancedStatus(5, 7, 1), "this relay does not serve your address; closing")
    }
  }
}
