// SPDX-License-Identifier: Apache-2.0
internal import Octets
internal import Varlink

/// `posthouse queue export`: one message as it travels, byte for byte.
///
/// As JSON it is what `queue show` tells, with the text as base64 in a field more.
struct MessageExport {
  private let invocation: Invocation

  init(_ invocation: Invocation) { self.invocation = invocation }

  func run(_ id: String) throws(CommandFailure) -> ExitCode {
    var client = try CommandContext(invocation).client()
    let call = VarlinkCall(RelayInterface.export, JSONObject(["id": .string(id)]), answers: .many)
    try client.send(call)
    var message: JSONObject?
    var text: [UInt8] = []
    while true {
      let (answer, continues) = try client.answer(to: call)
      if let found = answer["message"]?.object { message = found }
      if case .string(let data)? = answer["data"] {
        guard let piece = Base64.decode(Array(data.utf8).span) else { throw client.nonsense("its text is no base64") }
        // Printed while it arrives; for JSON and for people it must be whole.
        if invocation.wantsJSON || Output.isTerminal { text += piece } else { Output.show(bytes: piece) }
      }
      if !continues { break }
    }
    guard var message else { throw client.nonsense("it exports nothing") }
    if invocation.wantsJSON {
      message["data"] = .string(Base64.encode(text))
      Output.show(JSON.object(message).pretty)
    } else if Output.isTerminal {
      // What a stranger wrote must not steer the terminal.
      let lines = String(decoding: text, as: UTF8.self).split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
      for line in lines {
        Output.show(String(printable: String(line), limit: 65_536))
      }
    }
    return .success
  }
}
