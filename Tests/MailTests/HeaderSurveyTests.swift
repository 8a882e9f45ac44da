// SPDX-License-Identifier: Apache-2.0
import Mail
import Octets
import Testing

/// What a header section is found to contain, however its bytes are cut.
@Suite struct HeaderSurveyTests {
  struct Sample: Sendable, CustomTestStringConvertible {
    var text: String
    var hops = 0
    var date = false
    var id = false
    var length: Int
    var complete = true
    var headless = false
    var testDescription: String { text.debugDescription }
  }

  static let samples = [
    Sample(text: "Date: x\r\nMessage-ID: <a@b>\r\n\r\nbody", date: true, id: true, length: 28),
    Sample(text: "DATE: x\r\nmessage-id:<a>\r\n\r\n", date: true, id: true, length: 25),
    Sample(text: "Date : obsolete\r\n\r\n", date: true, length: 17),
    Sample(text: "Subject: x\r\n Date: folded\r\n\tMessage-ID: folded\r\n\r\n", length: 48),
    Sample(text: "Subject: x\r\n\r\nDate: in the body\r\n", length: 12),
    Sample(text: "Received: 1\r\n\tby x\r\nreceived: 2\r\nRECEIVED : 3\r\nReceived-SPF: no\r\nX-Received: no\r\n\r\n", hops: 3, length: 81),
    Sample(text: "Dates: x\r\nDat: x\r\nXDate: x\r\nMessage-IDs: y\r\n\r\n", length: 44),
    Sample(text: "\r\nDate: body\r\n", length: 0),
    Sample(text: "", length: 0, complete: false),
    Sample(text: "Date: unfinished", date: true, length: 16, complete: false),
    Sample(text: "Date: x\r\n", date: true, length: 9, complete: false),
    Sample(text: "Hello world\r\nDate: x\r\n\r\n", length: 0, headless: true),
    Sample(text: "Hello\r\nDate: x\r\n\r\n", length: 0, headless: true),
    Sample(text: " indented\r\nDate: x\r\n", length: 0, headless: true),
    Sample(text: ": no name\r\n", length: 0, headless: true),
    Sample(text: "Grüße: x\r\n", length: 0, headless: true),
    Sample(text: "From root Tue Nov 21\r\nDate: x\r\n\r\n", date: true, length: 31),
    Sample(text: "Subject: x\r\nno field here\r\nDate: x\r\n\r\n", date: true, length: 36),
    Sample(text: "A-Very-Long-Field-Name-Indeed-Date: x\r\nDate\r\n\r\n", length: 45),
  ]

  @Test(arguments: samples)
  func `a header section is surveyed alike in one piece and byte by byte`(sample: Sample) {
    let bytes = Array(sample.text.utf8)
    var whole = HeaderSurvey()
    whole.add(bytes.span)
    #expect(whole.hops == sample.hops)
    #expect(whole.hasDate == sample.date)
    #expect(whole.hasMessageID == sample.id)
    #expect(whole.length == sample.length)
    #expect(whole.isComplete == (sample.complete || sample.headless))
    #expect(whole.beginsWithoutHeader == sample.headless)
    for cut in 0...bytes.count {
      var pieces = HeaderSurvey()
      pieces.add(bytes.span.extracting(0..<cut))
      pieces.add(bytes.span.extracting(cut..<bytes.count))
      #expect(pieces == whole, "cut at \(cut)")
    }
    var single = HeaderSurvey()
    for index in bytes.indices { single.add(bytes.span.extracting(index..<index + 1)) }
    #expect(single == whole)
  }
}
