// SPDX-License-Identifier: Apache-2.0
internal import Octets
internal import Varlink

/// Why an upstream refuses a token, read from the JSON that it sends: `status 401, scope https://mail.google.com/`.
///
/// Only members that are known to tell something are shown, printable and cut; where an upstream repeats the token, it is left out.
enum TokenComplaint {
  static func words(_ challenge: [UInt8], hiding token: Secret) -> String? {
    let members: JSONObject
    do throws(JSONError) {
      guard let object = try JSON(parsing: challenge.span, limits: JSONLimits(depth: 4, values: 64)).object else { return nil }
      members = object
    } catch {
      return nil
    }
    let words = names.compactMap { name -> String? in
      switch members[name] {
      case .string(let value): holds(value, token) ? "\(name) [secret]" : "\(name) \(value)"
      case .integer(let value): "\(name) \(value)"
      case .null, .boolean, .number, .array, .object, nil: nil
      }
    }
    return words.isEmpty ? nil : String(printable: words.joined(separator: ", "), limit: 256)
  }

  private static func holds(_ value: String, _ token: Secret) -> Bool {
    let (text, wanted) = (Array(value.utf8), token.bytes.array)
    guard text.count >= wanted.count else { return false }
    return (0...(text.count - wanted.count)).contains { text[$0..<($0 + wanted.count)].elementsEqual(wanted) }
  }

  private static let names = ["status", "error", "error_description", "schemes", "scope"]
}
