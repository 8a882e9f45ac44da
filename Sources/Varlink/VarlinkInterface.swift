// SPDX-License-Identifier: Apache-2.0
/// One interface that a service speaks: its name, its methods, and the text that describes it.
package struct VarlinkInterface: Hashable, Sendable {
  /// The qualified name.
  package let name: String
  /// The description in Varlink's own language, as `GetInterfaceDescription` answers it.
  package let description: String

  /// An interface that describes itself; its name is read from the description.
  package init(describedBy description: String) {
    self.description = description
    name = VarlinkInterface.declarations("interface", in: description).first ?? ""
    precondition(!name.isEmpty, "a description begins with its interface")
  }

  /// The names of its methods.
  package var methods: [String] { VarlinkInterface.declarations("method", in: description) }

  private static func declarations(_ keyword: String, in description: String) -> [String] {
    description.split(separator: "\n").filter { $0.hasPrefix("\(keyword) ") }.map { line in
      String(line.dropFirst(keyword.count + 1).prefix { $0 != "(" && $0 != " " })
    }
  }
}

/// What a service says about itself, and its answers to `org.varlink.service`.
package struct VarlinkService: Hashable, Sendable {
  /// Who makes it.
  package let vendor: String
  /// What it is.
  package let product: String
  /// Which one it is.
  package let version: String
  /// Where to read more.
  package let url: String
  /// What it speaks, `org.varlink.service` first.
  package let interfaces: [VarlinkInterface]

  /// A service that speaks these interfaces besides `org.varlink.service`.
  package init(vendor: String, product: String, version: String, url: String, interfaces: [VarlinkInterface]) {
    self.vendor = vendor
    self.product = product
    self.version = version
    self.url = url
    self.interfaces = [ServiceInterface.interface] + interfaces
  }

  /// The answer to a call that needs nothing but this description: those to `org.varlink.service`, and refusals of what nobody here speaks.
  /// Nil means that the call names a method of another interface, which the caller must answer.
  package func answer(to call: VarlinkCall) -> VarlinkReply? {
    guard let interface = interfaces.first(where: { $0.name == call.interface }) else {
      return .refused(.interfaceNotFound(call.interface))
    }
    guard interface.methods.contains(where: { $0 == call.name }) else { return .refused(.methodNotFound(call.method)) }
    guard interface.name == ServiceInterface.name else { return nil }
    do throws(VarlinkError) {
      switch call.name {
      case "GetInfo":
        try call.parameters.expectOnly()
        return .done(information)
      default:
        try call.parameters.expectOnly("interface")
        return .done(try describe(call.parameters.string("interface")))
      }
    } catch {
      return .refused(error)
    }
  }

  private var information: JSONObject {
    JSONObject([
      "vendor": .string(vendor), "product": .string(product), "version": .string(version), "url": .string(url),
      "interfaces": .array(interfaces.map { .string($0.name) }),
    ])
  }

  private func describe(_ name: String) throws(VarlinkError) -> JSONObject {
    guard let interface = interfaces.first(where: { $0.name == name }) else { throw .interfaceNotFound(name) }
    return JSONObject(["description": .string(interface.description)])
  }
}
