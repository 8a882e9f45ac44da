// SPDX-License-Identifier: Apache-2.0
import Octets
import Testing
import Varlink

@Suite struct InterfaceTests {
  let service = VarlinkService(
    vendor: "Posthouse", product: "posthoused", version: "1", url: "https://example.org/", interfaces: [RelayInterface.interface])

  @Test func `a service says what it is`() {
    let answer = service.answer(to: VarlinkCall("org.varlink.service.GetInfo"))
    #expect(
      answer
        == .done(
          JSONObject([
            "vendor": "Posthouse", "product": "posthoused", "version": "1", "url": "https://example.org/",
            "interfaces": ["org.varlink.service", "io.posthouse.Relay"],
          ])))
  }

  @Test func `a service describes its interfaces`() throws {
    for interface in service.interfaces {
      let call = VarlinkCall("org.varlink.service.GetInterfaceDescription", JSONObject(["interface": .string(interface.name)]))
      #expect(service.answer(to: call) == .done(JSONObject(["description": .string(interface.description)])))
    }
    #expect(RelayInterface.interface.name == RelayInterface.name)
    #expect(ServiceInterface.interface.name == ServiceInterface.name)
    #expect(RelayInterface.interface.methods == ["GetStatus", "List", "Flush"])
    #expect(ServiceInterface.interface.methods == ["GetInfo", "GetInterfaceDescription"])
  }

  static let refusals: [(VarlinkCall, VarlinkError)] = [
    (VarlinkCall("io.other.Do"), .interfaceNotFound("io.other")),
    (VarlinkCall("io.posthouse.Relay.Explode"), .methodNotFound("io.posthouse.Relay.Explode")),
    (VarlinkCall("io.posthouse.Relay."), .methodNotFound("io.posthouse.Relay.")),
    (VarlinkCall("org.varlink.service.GetInfo", JSONObject(["x": 1])), .invalidParameter("x")),
    (VarlinkCall("org.varlink.service.GetInterfaceDescription"), .invalidParameter("interface")),
    (VarlinkCall("org.varlink.service.GetInterfaceDescription", JSONObject(["interface": 1])), .invalidParameter("interface")),
    (VarlinkCall("org.varlink.service.GetInterfaceDescription", JSONObject(["interface": "io.other"])), .interfaceNotFound("io.other")),
  ]

  @Test(arguments: refusals) func `what nobody here speaks is refused by its name`(call: VarlinkCall, error: VarlinkError) {
    #expect(service.answer(to: call) == .refused(error))
  }

  @Test(arguments: [RelayInterface.getStatus, RelayInterface.list, RelayInterface.flush])
  func `calls to the relay are left to the relay`(method: String) {
    #expect(service.answer(to: VarlinkCall(method)) == nil)
  }

  @Test func `the standard errors have their standard names`() {
    #expect(VarlinkError.permissionDenied.name == "org.varlink.service.PermissionDenied")
    #expect(VarlinkError.expectedMore.name == "org.varlink.service.ExpectedMore")
    #expect(VarlinkError.methodNotImplemented("a.B").description == #"org.varlink.service.MethodNotImplemented {"method":"a.B"}"#)
    #expect(RelayInterface.noSuchMessage("x").name == "io.posthouse.Relay.NoSuchMessage")
  }

  @Test func `a status is read back as it was written`() throws {
    var bare = Examples.status
    bare.upstreams = [UpstreamStatus(name: "default", host: "capture:/x", port: nil, tls: "capture", isVerified: false)]
    bare.spool.problem = nil
    bare.spool.oldestFailedUSec = nil
    bare.alarms = []
    for status in [Examples.status, bare] {
      let text = JSON.object(status.json).description
      #expect(try RelayStatus(#require(JSON(parsing: text.utf8.span).object)) == status)
    }
    #expect(Examples.status.hasProblem && !bare.hasProblem)
  }

  @Test func `a message is read back as it was written`() throws {
    var bare = QueuedMessage(id: "1", state: .queued, sizeBytes: 1, sender: "", recipients: [], acceptedUSec: 0, peer: "unix")
    for message in [Examples.message, bare] { #expect(try QueuedMessage(message.json) == message) }
    bare.peerUID = .max
    #expect(try QueuedMessage(bare.json).peerUID == .max)
    var json = bare.json
    json["peerUID"] = -1
    #expect(throws: VarlinkError.invalidParameter("peerUID")) { try QueuedMessage(json) }
  }

  @Test func `a missing or mistyped field is named, and an unknown one passed over`() throws {
    for member in Examples.status.json.members {
      var json = Examples.status.json
      json[member.name] = JSON.number(1.5)
      #expect(throws: VarlinkError.invalidParameter(member.name)) { try RelayStatus(json) }
      json[member.name] = nil
      if member.name == "alarms" { continue }
      #expect(throws: VarlinkError.invalidParameter(member.name)) { try RelayStatus(json) }
    }
    var json = Examples.status.json
    json["later"] = true
    #expect(try RelayStatus(json) == Examples.status)
  }

  @Test func `the description knows every field, word and error that is sent`() {
    let description = RelayInterface.interface.description
    func expectFields(_ object: JSONObject, in type: String) {
      guard let start = description.range(of: "type \(type) (\n"), let end = description[start.upperBound...].range(of: "\n)") else {
        Issue.record("no type \(type)")
        return
      }
      let lines = description[start.upperBound..<end.lowerBound].split(separator: "\n").map { $0.drop { $0 == " " } }
      let declared = lines.filter { !$0.hasPrefix("#") }.map { String($0.prefix { $0 != ":" }) }
      #expect(Set(declared) == Set(object.members.map(\.name)), "fields of \(type)")
    }
    expectFields(Examples.status.json, in: "Status")
    expectFields(Examples.status.upstreams[0].json, in: "Upstream")
    expectFields(Examples.status.spool.json, in: "Spool")
    expectFields(Examples.message.json, in: "Message")
    let words =
      RelayStatus.ServiceState.allCases.map(\.rawValue) + UpstreamStatus.State.allCases.map(\.rawValue)
      + QueuedMessage.State.allCases.map(\.rawValue)
      + QueuedMessage.RecipientState.allCases.map(\.rawValue)
    for word in words { #expect(description.contains("  \(word)")) }
    #expect(description.contains("error NoSuchMessage (id: string)"))
  }
}

extension String {
  fileprivate func range(of text: String) -> Range<String.Index>? { self[...].range(of: text) }
}

extension Substring {
  fileprivate func range(of text: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
