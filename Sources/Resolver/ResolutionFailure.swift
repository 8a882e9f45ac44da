// SPDX-License-Identifier: Apache-2.0
/// Why a name has no address for us now.
package enum ResolutionFailure: Error, Hashable, Sendable {
  /// It cannot be a host's name; the second text says why.
  case badName(String, reason: String)
  /// The name servers say that there is no such name.
  case noSuchName(String)
  /// The name is there, but has no address.
  case noAddress(String)
  /// A name server was asked and could not or would not say; which were asked, and what came.
  case refused(String, servers: String, reason: String)
  /// No name server has answered in time; which were asked.
  case noAnswer(String, servers: String)
  /// The question could not even be asked.
  case notAsked(String, reason: String)
  /// The look-up was given up.
  case cancelled

  /// Whether the answer is about the name, and would be the same a moment later.
  package var isAboutName: Bool {
    switch self {
    case .badName, .noSuchName, .noAddress: true
    case .refused, .noAnswer, .notAsked, .cancelled: false
    }
  }

  /// What can be done about it.
  package var remedy: String {
    switch self {
    case .badName: "write the host's name as it stands in DNS, letters of other scripts in their xn-- form"
    case .noSuchName: "look for a misspelling; if the name is new, wait for the name servers to learn it"
    case .noAddress: "look whether this is the name of a mail server rather than of a mail domain"
    case .refused: "look whether the name servers in /etc/resolv.conf work; it is tried again"
    case .noAnswer: "look at /etc/resolv.conf and whether its name servers can be reached; it is tried again"
    case .notAsked: "look at the limits of memory and open files of the service; it is tried again"
    case .cancelled: "nothing; it is tried again"
    }
  }
}

extension ResolutionFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .badName(let name, let reason): "\"\(ResolutionFailure.printable(name))\" is not a host's name: \(reason)"
    case .noSuchName(let name): "there is no host \"\(name)\" (NXDOMAIN)"
    case .noAddress(let name): "the name \"\(name)\" has no address"
    case .refused(let name, let servers, let reason): "the name servers (\(servers)) cannot look up \"\(name)\": \(reason)"
    case .noAnswer(let name, let servers): "no name server has answered for \"\(name)\" (asked: \(servers))"
    case .notAsked(let name, let reason): "\"\(name)\" could not be looked up: \(reason)"
    case .cancelled: "the look-up was given up"
    }
  }

  private static func printable(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(255).map { $0.value < 0x20 || $0.value == 0x7f ? "?" : $0 }))
  }
}
