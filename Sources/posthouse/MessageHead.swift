// SPDX-License-Identifier: Apache-2.0

/// What stands before a message's body: its headers, and on top of them the envelope that whoever delivered it wrote there.
///
/// The envelope is the unbroken run of `Return-Path:` and `Delivered-To:` at the very beginning; further down the sender of the message may
/// have written such lines.
struct MessageHead {
  /// The headers by their names in lower case, unfolded; the first of each.
  private(set) var fields: [String: String] = [:]
  /// The envelope's sender, empty for the null sender; nil where no envelope stands on top.
  private(set) var sender: String?
  /// The envelope's recipients.
  private(set) var recipients: [String] = []

  /// No headers and no envelope.
  init() {}

  /// Reads the beginning of a message.
  init(_ beginning: [UInt8]) {
    var name = ""
    var isOnTop = true
    for line in beginning.split(separator: 0x0a, omittingEmptySubsequences: false) {
      let bytes = line.last == 0x0d ? line.dropLast() : line
      guard let first = bytes.first else { break }
      let text = String(decoding: bytes, as: UTF8.self)
      if first == 0x20 || first == 0x09 {
        fields[name]? += " \(text.trimmed)"
      } else if let colon = text.firstIndex(of: ":") {
        let (named, value) = (text[..<colon].lowercased(), String(text[text.index(after: colon)...]).trimmed)
        if isOnTop { isOnTop = noteEnvelope(named, value) }
        name = fields[named] == nil ? named : ""
        if !name.isEmpty { fields[name] = value }
      } else {
        break
      }
    }
  }

  /// Who wrote it: as the headers say, otherwise as the envelope does.
  var from: String? { fields["from"] ?? sender.map { $0.isEmpty ? "<>" : $0 } }

  /// Who it is for: as the headers say, otherwise as the envelope does.
  var to: String? { fields["to"] ?? (recipients.isEmpty ? nil : recipients.joined(separator: ", ")) }

  private mutating func noteEnvelope(_ name: String, _ value: String) -> Bool {
    switch name {
    case "return-path": sender = value.hasPrefix("<") && value.hasSuffix(">") ? String(value.dropFirst().dropLast()) : value
    case "delivered-to": recipients.append(value)
    default: return false
    }
    return true
  }
}

extension String {
  /// This text without space at either end.
  fileprivate var trimmed: String {
    let space: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    let behind = drop(while: space)
    return String(behind.prefix(upTo: behind.lastIndex { !space($0) }.map { behind.index(after: $0) } ?? behind.startIndex))
  }
}
