// SPDX-License-Identifier: Apache-2.0

/// What a scripted upstream does at each point of a session; everything not scripted goes well.
///
/// ```swift
/// UpstreamScript { point in
///   switch point.stage {
///   case .recipient where point.line.contains("bob@"): .reply("550 5.1.1 no bob here")
///   case .end where point.session == 0: .close
///   default: nil
///   }
/// }
/// ```
package struct UpstreamScript: Sendable {
  /// The extensions that EHLO offers.
  package var extensions = ["PIPELINING", "SIZE 10485760", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8"]
  private let act: @Sendable (Point) -> Act?

  /// A script from its rule; nil lets the point go well.
  package init(_ act: @escaping @Sendable (Point) -> Act?) { self.act = act }

  /// An upstream with which everything goes well.
  package static let friendly = UpstreamScript { _ in nil }

  /// A point of a session.
  package struct Point: Sendable {
    /// Which step it is.
    package let stage: Stage
    /// What the client said; empty at ``Stage/greeting`` and ``Stage/end``.
    package let line: String
    /// Which connection to this upstream it is, from 0.
    package let session: Int
    /// How often this stage was reached before, over all connections.
    package let earlier: Int
  }

  /// A step of a session, after which the upstream speaks.
  package enum Stage: Hashable, Sendable {
    case greeting, hello, startTLS, login, sender, recipient, data, end, reset, goodbye, other
  }

  /// What the upstream does then.
  package enum Act: Sendable {
    /// Says this, in place of what it would have said; lines are separated by LF.
    case reply(String)
    /// Says this a byte at a time, each in a packet of its own.
    case trickle(String)
    /// Sends these bytes as they are.
    case raw([UInt8])
    /// Closes the connection without a word.
    case close
    /// Cuts the connection off with an RST.
    case cut
    /// Says nothing more, and holds the connection until the client gives up.
    case stall
    /// Says this and closes.
    case lastWords(String)
  }

  func act(at point: Point) -> Act? { act(point) }

  /// What goes well at a stage.
  func usual(at stage: Stage) -> String {
    switch stage {
    case .greeting: "220 scripted.test ESMTP"
    case .hello:
      (["scripted.test"] + extensions).enumerated().map { "250\($0 == extensions.count ? " " : "-")\($1)" }.joined(separator: "\n")
    case .startTLS: "454 4.7.0 no TLS here"
    case .login: "235 2.7.0 welcome"
    case .sender, .recipient, .reset: "250 2.0.0 fine"
    case .data: "354 go on"
    case .end: "250 2.0.0 taken"
    case .goodbye: "221 2.0.0 bye"
    case .other: "502 5.5.1 not known here"
    }
  }
}
