// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets
internal import Timekeeping

/// A header section: pieces make no difference, the lines in front of it keep to their lines, and what is taken out is gone.
enum HeaderFuzz {
  static func run(_ bytes: [UInt8]) throws(FuzzFinding) {
    try survey(bytes)
    try trace(bytes)
    try surgery(bytes)
  }

  private static func survey(_ bytes: [UInt8]) throws(FuzzFinding) {
    var whole = HeaderSurvey()
    whole.add(bytes.span)
    var pieces = HeaderSurvey()
    for index in bytes.indices { pieces.add(bytes.span.extracting(index..<index + 1)) }
    try FuzzFinding.require(whole == pieces, "a header section reads otherwise in pieces")
    try FuzzFinding.require(whole.length <= bytes.count, "a header section is longer than the message")
  }

  /// The client's name and address are whatever it likes.
  private static func trace(_ bytes: [UInt8]) throws(FuzzFinding) {
    let name = String(decoding: bytes, as: UTF8.self)
    var envelope = Envelope(
      sender: nil, recipients: [], submitter: Submitter(peer: name, greeting: name),
      accepted: WallTime(microseconds: 1_700_000_000_000_000))
    envelope.recipients = [Recipient(Mailbox(verifiedLocalPart: "a", domain: "b.example"))]
    let header = TraceHeader(host: name, id: MessageID(number: 7), with: TransferProtocol(isExtended: true))
    let lines = header.lines(for: envelope, HeaderSurvey())
    var isStart = true
    for (index, byte) in lines.enumerated() {
      let isLineEnd = byte == 0x0a
      let isReturn = byte == 0x0d
      try FuzzFinding.require(!isLineEnd || (index > 0 && lines[index - 1] == 0x0d), "a trace line ends without CR")
      try FuzzFinding.require(!isReturn || (index + 1 < lines.count && lines[index + 1] == 0x0a), "a trace has a bare CR")
      try FuzzFinding.require(isLineEnd || isReturn || byte == 0x09 || byte >= 0x20 && byte < 0x7f, "a trace has odd characters")
      if isStart { try FuzzFinding.require([0x09, 0x52, 0x44, 0x4d].contains(byte), "a trace has a line of somebody else's") }
      isStart = isLineEnd
    }
  }

  /// What sendmail(8) does to a message from a pipe.
  private static func surgery(_ bytes: [UInt8]) throws(FuzzFinding) {
    var whole = LocalMessage(.dot)
    whole.take(bytes.span)
    whole.finish()
    var pieces = LocalMessage(.dot)
    for index in bytes.indices { pieces.take(bytes.span.extracting(index..<index + 1)) }
    pieces.finish()
    let header = whole.header(without: ["bcc"])
    try FuzzFinding.require(header == pieces.header(without: ["bcc"]) && whole.body == pieces.body, "a message reads otherwise in pieces")
    var again = HeaderSurvey()
    again.add((header + [0x0d, 0x0a]).span)
    try check(header, "a header")
    try check(whole.body, "a body")
    for line in header.split(separator: 0x0a) {
      let isBlind = String(decoding: line.prefix(4), as: UTF8.self).lowercased() == "bcc:"
      try FuzzFinding.require(!isBlind, "Bcc: was left in")
    }
    for field in whole.fields { try completion(field) }
  }

  /// Users without a domain get one; whoever is named stays the same, and nothing else is touched.
  private static func completion(_ field: HeaderField) throws(FuzzFinding) {
    let house = "house.example"
    let completed = field.completed(with: house)
    try check(completed, "a completed field")
    let added = completed.count - field.bytes.count
    try FuzzFinding.require(added >= 0 && added % (house.utf8.count + 1) == 0, "a completed field has more than its domains")
    guard let before = try? AddressList(field.value.span) else {
      return try FuzzFinding.require(completed == field.bytes, "a field that cannot be understood was changed")
    }
    let value = completed.dropFirst(field.bytes.count - field.value.count)
    guard let after = try? AddressList(value.span) else { throw FuzzFinding("a completed field cannot be understood") }
    let (named, found) = (before.addresses.map { $0.text(in: house) }, after.addresses.map { $0.text(in: house) })
    try FuzzFinding.require(named == found, "a completed field names others: \(named) \(found)")
  }

  private static func check(_ bytes: [UInt8], _ what: String) throws(FuzzFinding) {
    for (index, byte) in bytes.enumerated() {
      if byte == 0x0a { try FuzzFinding.require(index > 0 && bytes[index - 1] == 0x0d, "\(what) has a bare LF") }
      if byte == 0x0d { try FuzzFinding.require(index + 1 < bytes.count && bytes[index + 1] == 0x0a, "\(what) has a bare CR") }
      try FuzzFinding.require(byte != 0, "\(what) has a NUL")
    }
  }
}
