// SPDX-License-Identifier: Apache-2.0
import Octets
import Testing
import Varlink

@Suite struct JSONTests {
  static let accepted: [(String, String)] = [
    ("null", "null"), (" true ", "true"), ("false\n", "false"), ("0", "0"), ("-0", "0"), ("-12", "-12"),
    ("9223372036854775807", "9223372036854775807"),
    ("-9223372036854775808", "-9223372036854775808"), ("1.5", "1.5"), ("1e3", "1000.0"), ("-2.5E-1", "-0.25"),
    ("18446744073709551616", "1.8446744073709552e+19"),
    (#""""#, #""""#), (#""a\/b""#, #""a/b""#), (#""\u00e9\ud83d\ude00""#, "\"é😀\""),
    (#""\u0000\u001f\b\f\n\r\t""#, #""\u0000\u001f\u0008\u000c\n\r\t""#),
    (#""\"\\""#, #""\"\\""#), ("\"\u{7f}\"", #""\u007f""#), ("[]", "[]"), ("[ 1 , [ ] ]", "[1,[]]"), ("{}", "{}"),
    (#"{ "b" : 1 , "a" : { } }"#, #"{"b":1,"a":{}}"#), ("\"\u{ffff}\u{10ffff}\"", "\"\u{ffff}\u{10ffff}\""),
  ]

  @Test(arguments: accepted) func `what is JSON is read, and written in one form`(text: String, written: String) throws {
    let value = try JSON(parsing: text.utf8.span)
    #expect(value.description == written)
    #expect(try JSON(parsing: value.description.utf8.span) == value)
    #expect(try JSON(parsing: value.pretty.utf8.span) == value)
  }

  static let refused = [
    "", " ", "nul", "True", "nullx", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "Infinity", "NaN", "1e999", "1 2", "\"", "\"a",
    "\"\\\"", "\"\\x41\"", "\"\\u12\"",
    "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\ud800x\"", "\"a\nb\"", "\"\t\"", "[", "[1", "[1,", "[1,]",
    "[,1]", "]", "{", "{\"a\"", "{\"a\":",
    "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "}", "{\"a\":1,\"a\":2}",
    "{\"a\":1,\"\\u0061\":2}", "// x\n1", "'a'", "\u{feff}1",
    "\u{a0}1",
  ]

  @Test(arguments: refused) func `what is no JSON is refused`(text: String) {
    #expect(throws: JSONError.self) { try JSON(parsing: text.utf8.span) }
  }

  @Test(arguments: [
    [0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22],
    [0x22, 0xe2, 0x82, 0x22], [0x00],
  ])
  func `bytes that are no UTF-8 are refused`(bytes: [UInt8]) {
    #expect(throws: JSONError.self) { try JSON(parsing: bytes.span) }
  }

  @Test func `nesting has a limit, and a megabyte of brackets does no harm`() throws {
    let deepest = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
    _ = try JSON(parsing: deepest.utf8.span)
    #expect(throws: JSONError.self) { try JSON(parsing: "[\(deepest)]".utf8.span) }
    let brackets = [UInt8](repeating: UInt8(ascii: "["), count: 1_048_576)
    let error = #expect(throws: JSONError.self) { try JSON(parsing: brackets.span) }
    #expect(error?.description == "not acceptable as JSON at byte 32: nested deeper than 32")
    let braces = Array(String(repeating: "{\"a\":", count: 200_000).utf8)
    #expect(throws: JSONError.self) { try JSON(parsing: braces.span) }
  }

  @Test func `the number of values and the length of a number have limits`() {
    let many = Array("[\(String(repeating: "1,", count: 200))1]".utf8)
    #expect(throws: JSONError.self) { try JSON(parsing: many.span, limits: JSONLimits(depth: 4, values: 100)) }
    let digits = [UInt8](repeating: UInt8(ascii: "9"), count: 1000)
    #expect(throws: JSONError.self) { try JSON(parsing: digits.span) }
  }

  @Test func `every prefix and every changed byte of a message is refused or read, and nothing else happens`() throws {
    let message = Array(#"{"method":"a.B","parameters":{"x":[1,-2.5e3,null,true,"\u00e9\ud83d\ude00 é"],"y":{}},"more":false}"#.utf8)
    for end in 0..<message.count { #expect(throws: JSONError.self) { try JSON(parsing: message.span.extracting(0..<end)) } }
    for index in message.indices {
      for byte in [UInt8(0), 0x22, 0x5b, 0x5c, 0x7b, 0x80, 0xff, 0x30] {
        var changed = message
        changed[index] = byte
        if let value = try? JSON(parsing: changed.span) { #expect(try JSON(parsing: value.description.utf8.span) == value) }
      }
    }
  }

  @Test func `members keep their order and are equal in any`() throws {
    var object = JSONObject(["z": 1, "a": 2])
    object["m"] = "x"
    object["z"] = nil
    object["a"] = 3
    #expect(JSON.object(object).description == #"{"a":3,"m":"x"}"#)
    #expect(JSON.object(object) == ["m": "x", "a": 3])
    #expect(JSON.object(object).hashValue == JSON.object(JSONObject(["m": "x", "a": 3])).hashValue)
  }

  @Test func `people get one member on a line`() {
    let value: JSON = ["a": [1, [:], []], "b": ["c": .null]]
    #expect(
      value.pretty == """
        {
          "a": [
            1,
            {},
            []
          ],
          "b": {
            "c": null
          }
        }
        """)
  }
}
