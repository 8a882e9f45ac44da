// SPDX-License-Identifier: Apache-2.0
/// What a service answers: parameters, or an error.
package enum VarlinkReply: Hashable, Sendable {
  /// The answer, or the last of several.
  case done(JSONObject)
  /// One answer of several; more follow.
  case continued(JSONObject)
  /// A refusal.
  case refused(VarlinkError)

  /// The reply that a message is.
  package init(_ message: JSONObject) throws(MalformedMessage) {
    let parameters = try message.parameters
    switch message["error"] {
    case nil, .null: self = try message.flag("continues") ? .continued(parameters) : .done(parameters)
    case .string(let name): self = .refused(VarlinkError(name: name, parameters: parameters))
    default: throw MalformedMessage(field: "error")
    }
  }

  /// The message that carries this reply.
  package var message: JSONObject {
    switch self {
    case .done(let parameters): JSONObject(["parameters": .object(parameters)])
    case .continued(let parameters): JSONObject(["parameters": .object(parameters), "continues": true])
    case .refused(let error): JSONObject(["error": .string(error.name), "parameters": .object(error.parameters)])
    }
  }
}

/// A refusal with its qualified name.
package struct VarlinkError: Error, Hashable, Sendable {
  /// The qualified name: `org.varlink.service.MethodNotFound`.
  package let name: String
  /// What it is about.
  package let parameters: JSONObject

  /// An error from its parts.
  package init(name: String, parameters: JSONObject = JSONObject()) {
    self.name = name
    self.parameters = parameters
  }

  /// Nobody here speaks this interface.
  package static func interfaceNotFound(_ interface: some StringProtocol) -> VarlinkError {
    VarlinkError(name: "\(ServiceInterface.name).InterfaceNotFound", parameters: JSONObject(["interface": .string(String(interface))]))
  }

  /// The interface has no such method.
  package static func methodNotFound(_ method: some StringProtocol) -> VarlinkError {
    VarlinkError(name: "\(ServiceInterface.name).MethodNotFound", parameters: JSONObject(["method": .string(String(method))]))
  }

  /// The interface has such a method, and this service does not.
  package static func methodNotImplemented(_ method: some StringProtocol) -> VarlinkError {
    VarlinkError(name: "\(ServiceInterface.name).MethodNotImplemented", parameters: JSONObject(["method": .string(String(method))]))
  }

  /// A parameter is missing, unknown, or of the wrong type.
  package static func invalidParameter(_ parameter: some StringProtocol) -> VarlinkError {
    VarlinkError(name: "\(ServiceInterface.name).InvalidParameter", parameters: JSONObject(["parameter": .string(String(parameter))]))
  }

  /// This client may not.
  package static let permissionDenied = VarlinkError(name: "\(ServiceInterface.name).PermissionDenied")

  /// The method answers more than once and the client did not ask for `more`.
  package static let expectedMore = VarlinkError(name: "\(ServiceInterface.name).ExpectedMore")
}

extension VarlinkError: CustomStringConvertible {
  package var description: String { parameters.members.isEmpty ? name : "\(name) \(JSON.object(parameters))" }
}
