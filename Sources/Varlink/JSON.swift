// SPDX-License-Identifier: Apache-2.0
/// A JSON value (RFC 8259) as Varlink carries it.
package enum JSON: Hashable, Sendable {
  case null
  case boolean(Bool)
  /// A number without fraction or exponent that fits 64 bits.
  case integer(Int64)
  /// Any other number; never infinite and never NaN.
  case number(Double)
  case string(String)
  case array([JSON])
  case object(JSONObject)

  /// The object that this value is; nil when it is something else.
  package var object: JSONObject? {
    if case .object(let object) = self { return object }
    return nil
  }
}

/// The members of a JSON object, in the order in which they were written, each name once.
package struct JSONObject: Sendable {
  /// One name with its value.
  package struct Member: Hashable, Sendable {
    /// The name.
    package let name: String
    /// What it stands for.
    package let value: JSON
  }

  /// The members in their order.
  package private(set) var members: [Member] = []

  /// An object without members.
  package init() {}

  /// An object with these members; no name may stand there twice.
  package init(_ members: KeyValuePairs<String, JSON>) {
    for (name, value) in members { self[name] = value }
    precondition(self.members.count == members.count, "an object has each name once")
  }

  /// The value of a name; setting nil takes the member away, setting a new name puts it behind the others.
  package subscript(name: String) -> JSON? {
    get { members.first { $0.name == name }?.value }
    set {
      let index = members.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): members[index] = Member(name: name, value: value)
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append(Member(name: name, value: value))
      case (nil, nil): break
      }
    }
  }

  /// Puts a member behind the others whose name is known to be new, without looking for it.
  mutating func appendNew(_ name: String, _ value: JSON) { members.append(Member(name: name, value: value)) }
}

extension JSONObject: Hashable {
  /// The order of the members does not count (RFC 8259 §4).
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.members.count == right.members.count && left.members.allSatisfy { right[$0.name] == $0.value }
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(Set(members))
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(booleanLiteral value: Bool) { self = .boolean(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSON)...) {
    var object = JSONObject()
    for (name, value) in elements { object[name] = value }
    precondition(object.members.count == elements.count, "an object has each name once")
    self = .object(object)
  }
}
