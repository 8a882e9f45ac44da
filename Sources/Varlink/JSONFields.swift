// SPDX-License-Identifier: Apache-2.0
/// Reading the fields of an object whose form is agreed, and building one.
///
/// Every reader throws ``VarlinkError/invalidParameter(_:)`` with the name of the field; null counts as absent.
extension JSONObject {
  /// A text that must be there.
  package func string(_ name: String) throws(VarlinkError) -> String {
    guard let text = try optionalString(name) else { throw .invalidParameter(name) }
    return text
  }

  /// A text that may be there.
  package func optionalString(_ name: String) throws(VarlinkError) -> String? {
    switch self[name] {
    case nil, .null: return nil
    case .string(let text): return text
    default: throw .invalidParameter(name)
    }
  }

  /// A whole number that must be there.
  package func integer(_ name: String) throws(VarlinkError) -> Int64 {
    guard let number = try optionalInteger(name) else { throw .invalidParameter(name) }
    return number
  }

  /// A whole number that may be there.
  package func optionalInteger(_ name: String) throws(VarlinkError) -> Int64? {
    switch self[name] {
    case nil, .null: return nil
    case .integer(let number): return number
    default: throw .invalidParameter(name)
    }
  }

  /// A yes or no that must be there.
  package func boolean(_ name: String) throws(VarlinkError) -> Bool {
    guard let boolean = try optionalBoolean(name) else { throw .invalidParameter(name) }
    return boolean
  }

  /// A yes or no that may be there.
  package func optionalBoolean(_ name: String) throws(VarlinkError) -> Bool? {
    switch self[name] {
    case nil, .null: return nil
    case .boolean(let boolean): return boolean
    default: throw .invalidParameter(name)
    }
  }

  /// One of the words of an enumeration, which must be there.
  package func choice<Choice: RawRepresentable>(_ name: String) throws(VarlinkError) -> Choice where Choice.RawValue == String {
    guard let choice: Choice = try optionalChoice(name) else { throw .invalidParameter(name) }
    return choice
  }

  /// One of the words of an enumeration, which may be there.
  package func optionalChoice<Choice: RawRepresentable>(_ name: String) throws(VarlinkError) -> Choice? where Choice.RawValue == String {
    guard let text = try optionalString(name) else { return nil }
    guard let choice = Choice(rawValue: text) else { throw .invalidParameter(name) }
    return choice
  }

  /// A list of texts; nil where there is none.
  package func optionalStrings(_ name: String) throws(VarlinkError) -> [String]? {
    guard let value = self[name], value != .null else { return nil }
    return try strings(name)
  }

  /// A list of names of choices; nil where there is none.
  package func optionalChoices<Choice: RawRepresentable>(
    _ name: String
  ) throws(VarlinkError) -> [Choice]? where Choice.RawValue == String {
    guard let texts = try optionalStrings(name) else { return nil }
    var choices: [Choice] = []
    for text in texts {
      guard let choice = Choice(rawValue: text) else { throw .invalidParameter(name) }
      choices.append(choice)
    }
    return choices
  }

  /// An object that must be there.
  package func object(_ name: String) throws(VarlinkError) -> JSONObject {
    guard case .object(let object)? = self[name] else { throw .invalidParameter(name) }
    return object
  }

  /// A list of objects that must be there.
  package func objects(_ name: String) throws(VarlinkError) -> [JSONObject] {
    guard case .array(let elements)? = self[name] else { throw .invalidParameter(name) }
    var objects: [JSONObject] = []
    for element in elements {
      guard let object = element.object else { throw .invalidParameter(name) }
      objects.append(object)
    }
    return objects
  }

  /// A list of texts that must be there.
  package func strings(_ name: String) throws(VarlinkError) -> [String] {
    guard case .array(let elements)? = self[name] else { throw .invalidParameter(name) }
    var strings: [String] = []
    for element in elements {
      guard case .string(let text) = element else { throw .invalidParameter(name) }
      strings.append(text)
    }
    return strings
  }

  /// Refuses parameters that nobody knows, as a client that misspelt one would otherwise be answered wrongly.
  package func expectOnly(_ names: String...) throws(VarlinkError) {
    for member in members where !names.contains(member.name) { throw .invalidParameter(member.name) }
  }

  /// Puts a field there when it has a value; an absent one stays absent, as the convention is.
  mutating func add(_ name: String, _ value: JSON?) {
    if let value { appendNew(name, value) }
  }
}

extension JSON {
  /// The number as JSON.
  package static func count(_ count: Int) -> JSON { .integer(Int64(count)) }
}
