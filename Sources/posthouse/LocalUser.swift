// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The user who runs this program.
struct LocalUser {
  /// The login name; of a user whom the system does not know, one made of the number.
  let name: String
  /// The person's name, where the system knows one.
  let fullName: String?

  /// The login name of a user; nil for one whom the system does not know.
  static func name(of number: UInt32) -> String? {
    guard let entry = unsafe getpwuid(number) else { return nil }
    return unsafe entry.pointee.pw_name.map { unsafe String(cString: $0) }
  }

  /// The user with the real number of this process.
  static var current: LocalUser {
    let number = getuid()
    guard let entry = unsafe getpwuid(number), let name = unsafe entry.pointee.pw_name.map({ unsafe String(cString: $0) }) else {
      return LocalUser(name: "user-\(number)", fullName: nil)
    }
    let remark = unsafe entry.pointee.pw_gecos.map { unsafe String(cString: $0) } ?? ""
    // Behind a comma come rooms and telephones; & is the login name, by old custom.
    let first = remark.prefix { $0 != "," }
    let person = first.split(separator: "&", omittingEmptySubsequences: false).joined(
      separator: name.prefix(1).uppercased() + name.dropFirst())
    return LocalUser(name: name, fullName: person.isEmpty ? nil : person)
  }
}
