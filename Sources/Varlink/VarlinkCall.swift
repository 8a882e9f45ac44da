// SPDX-License-Identifier: Apache-2.0
/// What a client sends: a method, its parameters, and how it wants to be answered.
package struct VarlinkCall: Hashable, Sendable {
  /// The qualified name: `io.posthouse.Relay.GetStatus`.
  package let method: String
  /// The parameters; absent and null count as empty.
  package let parameters: JSONObject
  /// How many answers the client wants.
  package let answers: Answers
  /// Whether it wants the connection for another protocol, which we never give.
  package let wantsUpgrade: Bool

  /// How many answers a call gets.
  package enum Answers: Hashable, Sendable {
    /// One.
    case one
    /// As many as there are (`more`).
    case many
    /// None at all, not even an error (`oneway`).
    case none
  }

  /// A call from its parts.
  package init(_ method: String, _ parameters: JSONObject = JSONObject(), answers: Answers = .one) {
    self.method = method
    self.parameters = parameters
    self.answers = answers
    wantsUpgrade = false
  }

  /// The call that a message is. A message that is none says with its error what to do: close the connection.
  package init(_ message: JSONObject) throws(MalformedMessage) {
    guard case .string(let method)? = message["method"], method.contains(".") else { throw MalformedMessage(field: "method") }
    self.method = method
    parameters = try message.parameters
    let more = try message.flag("more")
    let oneway = try message.flag("oneway")
    wantsUpgrade = try message.flag("upgrade")
    guard !(more && oneway) else { throw MalformedMessage(field: "oneway") }
    answers = more ? .many : oneway ? .none : .one
  }

  /// The interface that the method belongs to.
  package var interface: Substring { method[..<(method.lastIndex(of: ".") ?? method.startIndex)] }

  /// The method without its interface.
  package var name: Substring { method[method.index(after: method.lastIndex(of: ".") ?? method.startIndex)...] }

  /// The message that carries this call.
  package var message: JSONObject {
    var message = JSONObject(["method": .string(method)])
    if !parameters.members.isEmpty { message["parameters"] = .object(parameters) }
    switch answers {
    case .one: break
    case .many: message["more"] = true
    case .none: message["oneway"] = true
    }
    return message
  }
}

/// A message that is neither a call nor a reply, with the field that shows it.
package struct MalformedMessage: Error, Hashable, Sendable, CustomStringConvertible {
  /// The field that is missing or of the wrong type.
  package let field: String

  package var description: String { "a message has no proper \"\(field)\"" }
}

extension JSONObject {
  /// The parameters of a call or reply.
  var parameters: JSONObject {
    get throws(MalformedMessage) {
      switch self["parameters"] {
      case nil, .null: return JSONObject()
      case .object(let object): return object
      default: throw MalformedMessage(field: "parameters")
      }
    }
  }

  /// A flag of a call or reply; absent and null count as false.
  func flag(_ name: String) throws(MalformedMessage) -> Bool {
    switch self[name] {
    case nil, .null: return false
    case .boolean(let flag): return flag
    default: throw MalformedMessage(field: name)
    }
  }
}
