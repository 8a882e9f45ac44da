// SPDX-License-Identifier: Apache-2.0
import Octets
import Testing
import Varlink

@Suite struct MessageTests {
  @Test func `messages are cut at their NUL, however they arrive`() throws {
    let bytes = Array("{\"a\":1}\0{}\0{\"b\":\"x\"}\0".utf8)
    for step in 1...bytes.count {
      var framing = MessageFraming()
      var queue = ByteQueue()
      var messages: [JSON] = []
      for start in stride(from: 0, to: bytes.count, by: step) {
        queue.append(bytes.span.extracting(start..<min(start + step, bytes.count)))
        while let message = try framing.next(in: &queue) { messages.append(.object(message)) }
      }
      #expect(messages == [["a": 1], [:], ["b": "x"]])
      let left = queue.count
      #expect(left == 0)
    }
  }

  @Test func `a message that is too long is refused before it is whole`() throws {
    var framing = MessageFraming(limit: 8)
    var queue = ByteQueue()
    queue.append("{\"a\":1 }\0")
    #expect(try framing.next(in: &queue) == JSONObject(["a": 1]))
    queue.append("{\"a\":12 }\0")
    #expect(throws: FramingError.tooLong(limit: 8)) { try framing.next(in: &queue) }
    var unended = ByteQueue()
    var fresh = MessageFraming(limit: 8)
    unended.append("12345678")
    #expect(try fresh.next(in: &unended) == nil)
    unended.append("9")
    #expect(throws: FramingError.tooLong(limit: 8)) { try fresh.next(in: &unended) }
  }

  @Test func `what is no object is refused`() {
    for text in ["\0", "[]\0", "null\0", "\"x\"\0", "{\0", "GET / HTTP/1.1\r\n\0"] {
      var framing = MessageFraming()
      var queue = ByteQueue()
      queue.append(text)
      #expect(throws: FramingError.self, "\(text)") { try framing.next(in: &queue) }
    }
  }

  @Test func `what is appended is read back`() throws {
    var queue = ByteQueue()
    MessageFraming.append(VarlinkCall("a.b.C", JSONObject(["x": "nul \0 inside"])).message, to: &queue)
    var framing = MessageFraming()
    let call = try VarlinkCall(#require(try framing.next(in: &queue)))
    #expect(call.parameters["x"] == "nul \0 inside")
  }

  static let calls: [(String, VarlinkCall)] = [
    (#"{"method":"org.x.Do"}"#, VarlinkCall("org.x.Do")), (#"{"method":"org.x.Do","parameters":null}"#, VarlinkCall("org.x.Do")),
    (#"{"method":"org.x.Do","parameters":{}}"#, VarlinkCall("org.x.Do")),
    (#"{"method":"org.x.Do","parameters":{"a":1},"more":true}"#, VarlinkCall("org.x.Do", JSONObject(["a": 1]), answers: .many)),
    (#"{"oneway":true,"method":"org.x.Do","more":null,"upgrade":false,"later":1}"#, VarlinkCall("org.x.Do", answers: .none)),
  ]

  @Test(arguments: calls) func `a call is read and written`(text: String, call: VarlinkCall) throws {
    let message = try #require(JSON(parsing: text.utf8.span).object)
    #expect(try VarlinkCall(message) == call)
    #expect(try VarlinkCall(call.message) == call)
    #expect(call.interface == "org.x" && call.name == "Do")
  }

  @Test(arguments: [
    "{}", #"{"method":1}"#, #"{"method":"nodot"}"#, #"{"method":"a.B","parameters":[]}"#, #"{"method":"a.B","more":1}"#,
    #"{"method":"a.B","oneway":"yes"}"#, #"{"method":"a.B","more":true,"oneway":true}"#, #"{"parameters":{}}"#,
  ])
  func `a message that is no call is refused`(text: String) throws {
    let message = try #require(JSON(parsing: text.utf8.span).object)
    #expect(throws: MalformedMessage.self) { try VarlinkCall(message) }
  }

  @Test func `a call for another protocol is marked`() throws {
    #expect(try VarlinkCall(JSONObject(["method": "a.B", "upgrade": true])).wantsUpgrade)
  }

  static let replies: [(String, VarlinkReply)] = [
    (#"{"parameters":{"a":1}}"#, .done(JSONObject(["a": 1]))), (#"{}"#, .done(JSONObject())),
    (#"{"parameters":{"a":1},"continues":true}"#, .continued(JSONObject(["a": 1]))),
    (#"{"error":"a.B","parameters":{"id":"x"}}"#, .refused(VarlinkError(name: "a.B", parameters: JSONObject(["id": "x"])))),
  ]

  @Test(arguments: replies) func `a reply is read and written`(text: String, reply: VarlinkReply) throws {
    #expect(try VarlinkReply(#require(JSON(parsing: text.utf8.span).object)) == reply)
    #expect(try VarlinkReply(reply.message) == reply)
  }

  @Test(arguments: [#"{"error":1}"#, #"{"continues":1}"#, #"{"parameters":1}"#]) func `a message that is no reply is refused`(text: String)
    throws
  {
    let message = try #require(JSON(parsing: text.utf8.span).object)
    #expect(throws: MalformedMessage.self) { try VarlinkReply(message) }
  }
}
