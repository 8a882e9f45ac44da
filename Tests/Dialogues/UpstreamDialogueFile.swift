// SPDX-License-Identifier: Apache-2.0
/// One dialogue file of the other side: what a scripted upstream hears and says, and what must become of the mail and of the upstream.
///
/// A line each; blank lines and lines that begin with `#` mean nothing. Time is virtual, so a wait of ten minutes costs nothing.
///
///     Given: Upstream.Connections=1   a setting besides the usual ones (one connection, TLS=none, no login, 5 days, no jitter)
///     Given: to a@b.example c@d.example   the recipients of a message; a second such line is a second message; usual: to@b.example
///     Given: body 200000              how many bytes the bodies have; usual: a few
///     Given: certificate good         what `TLS:` shows: good expired elsewhere foreign
///     Given: demand FILE              clients must show a certificate that one of those in this file signed
///     Opening: PIPELINING SIZE 1000   short for a greeting, and EHLO answered with these extensions
///     C: MAIL FROM:<me                the relay says a line that begins so
///     Body:                           the relay sends lines up to the final dot
///     Chunk:                          the relay sends as many bytes as the BDAT before this line said
///     U: 250 2.1.0 ok                 the upstream says this line; lines that follow each other leave in one piece
///     U> 25                           the upstream sends exactly this
///     U. 250 ok                       the upstream says this line a byte at a time, a second apart
///     Wait: 30s                       the upstream does nothing for a while (s, m, h, d)
///     Endless: 250-more               the upstream says this line again and again until the relay has had enough
///     TLS:                            the upstream makes its part of the handshake; `TLS: refused`, which the relay ends; `TLS: new` and
///                                     `TLS: resumed` tell whether the relay may go on with an earlier session
///     Close:  Reset:                  the upstream ends the connection, in good order or not
///     X: 300s                         the relay ends the connection, about that long after it spoke last, without more than QUIT
///     X: anything                     the relay ends the connection, whatever it says before
///     Next:                           the relay opens another connection
///
/// What must be true when nothing is on the road any more:
///
///     To: a@b.example deferred 4.4.2 words   the last outcome of a recipient, and words from its reason; `untried` where there is none
///     State: queued 1                 where the message stands, and its counted attempts: queued failed gone
///     Upstream: held words            what the upstream's trouble is: well held failing limited, and words from its sentence
///     Probe: 10s                      when a troubled upstream is tried again, give or take a quarter
///     Retry: 60s                      when the message is tried again, give or take a quarter
///
/// In `U` lines the escapes of a ``ServerDialogue`` are bytes.
package struct UpstreamDialogueFile: Sendable, CustomStringConvertible {
  /// The file's name.
  package let description: String
  /// What stands behind `Given:`.
  package private(set) var given: [String] = []
  /// What happens, in order.
  package private(set) var steps: [(line: Int, step: Step)] = []
  /// What must be true in the end.
  package private(set) var verdicts: [(line: Int, verdict: Verdict)] = []

  /// What happens at one place.
  package enum Step: Sendable {
    case hear(String)
    case hearBody
    case hearChunk
    case say([UInt8])
    case sayByteByByte([UInt8])
    case sayForEver([UInt8])
    case wait(Duration)
    case handshake(Handshake)
    case close
    case reset
    case expectClose(after: Duration)
    case expectCloseBehindAnything
    case next
  }

  /// What becomes of a handshake.
  package enum Handshake: String, Sendable {
    case refused
    case resumed
    case new
    case done = ""
  }

  /// What must be true in the end.
  package enum Verdict: Sendable {
    case recipient(address: String, verdict: String, words: String)
    case state(name: String, attempts: Int)
    case upstream(kind: String, words: String)
    case probe(Duration)
    case retry(Duration)
  }

  /// A line that means nothing.
  package struct Unreadable: Error, CustomStringConvertible {
    package let description: String
  }

  /// The dialogue that a file's text describes.
  package init(name: String, text: String) throws {
    description = name
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if !line.isEmpty, !line.hasPrefix("#") { try add(String(line), number: index + 1) }
    }
  }

  /// The dialogues of a folder beside this file.
  package static func all(in folder: String) -> [UpstreamDialogueFile] {
    DialogueFolder.files(in: folder).map { name, text in
      do {
        return try UpstreamDialogueFile(name: name, text: text)
      } catch {
        preconditionFailure("\(error)")
      }
    }
  }

  private mutating func add(_ line: String, number: Int) throws {
    let colon = line.firstIndex { ":>.".contains($0) } ?? line.endIndex
    let mark = line[..<colon] + line[colon...].prefix(1)
    var rest = line[colon...].dropFirst()
    if rest.first == " " { rest = rest.dropFirst() }
    let words = rest.split(separator: " ", maxSplits: 2).map(String.init)
    func step(_ step: Step) { steps.append((number, step)) }
    switch mark {
    case "Given:": given.append(String(rest))
    case "Opening:": try open(rest, number)
    case "C:": step(.hear(String(rest)))
    case "Body:": step(.hearBody)
    case "Chunk:": step(.hearChunk)
    case "U:": try say(ServerDialogue.bytes(rest) + [0x0d, 0x0a], number)
    case "U>": try say(ServerDialogue.bytes(rest), number)
    case "U.": step(.sayByteByByte(try ServerDialogue.bytes(rest) + [0x0d, 0x0a]))
    case "Endless:": step(.sayForEver(try ServerDialogue.bytes(rest) + [0x0d, 0x0a]))
    case "Wait:": step(.wait(try duration(rest, number)))
    case "TLS:":
      guard let handshake = Handshake(rawValue: String(rest)) else { throw unreadable(number) }
      step(.handshake(handshake))
    case "Close:": step(.close)
    case "Reset:": step(.reset)
    case "X:" where rest == "anything": step(.expectCloseBehindAnything)
    case "X:": step(.expectClose(after: rest.isEmpty ? .zero : try duration(rest, number)))
    case "Next:": step(.next)
    case "To:" where words.count >= 2:
      verdicts.append((number, .recipient(address: words[0], verdict: words[1], words: words.count > 2 ? words[2] : "")))
    case "State:": verdicts.append((number, .state(name: words[0], attempts: words.count > 1 ? Int(words[1]) ?? -1 : -1)))
    case "Upstream:":
      verdicts.append((number, .upstream(kind: words[0], words: words.dropFirst().joined(separator: " "))))
    case "Probe:": verdicts.append((number, .probe(try duration(rest, number))))
    case "Retry:": verdicts.append((number, .retry(try duration(rest, number))))
    default: throw unreadable(number)
    }
  }

  private mutating func say(_ bytes: [UInt8], _ number: Int) {
    if case .say(let earlier)? = steps.last?.step {
      steps[steps.count - 1].step = .say(earlier + bytes)
    } else {
      steps.append((number, .say(bytes)))
    }
  }

  private mutating func open(_ extensions: Substring, _ number: Int) throws {
    var lines = ["mx.example.com"]
    for word in extensions.split(separator: " ") {
      // A word in lower case or digits belongs to the keyword in front of it.
      if word.allSatisfy({ $0.isNumber }) || lines.last?.hasPrefix("AUTH") == true && ServerDialogueMechanisms.names.contains(word) {
        lines[lines.count - 1] += " \(word)"
      } else {
        lines.append(String(word))
      }
    }
    let reply = lines.enumerated().map { "250\($0.offset == lines.count - 1 ? " " : "-")\($0.element)\r\n" }.joined()
    say(Array("220 mx.example.com ESMTP\r\n".utf8), number)
    steps.append((number, .hear("EHLO relay.example.com")))
    steps.append((number, .say(Array(reply.utf8))))
  }

  private func duration(_ text: Substring, _ number: Int) throws -> Duration {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()) else { throw unreadable(number) }
    return .seconds(count * unit)
  }

  private func unreadable(_ number: Int) -> Unreadable { Unreadable(description: "\(description):\(number) is no line of a dialogue") }
}

private enum ServerDialogueMechanisms {
  static let names: Set<Substring> = ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER", "SCRAM-SHA-256", "SCRAM-SHA-1", "EXTERNAL"]
}
