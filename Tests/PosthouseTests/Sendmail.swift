// SPDX-License-Identifier: Apache-2.0
import Foundation
import Harness
import Testing

/// sendmail as programs call it: by a link of that name, with a message on standard input.
struct Sendmail {
  let rig: Rig
  private let link: String
  /// The variables of every call.
  var environment = ["POSTHOUSE_RELAY_HOSTNAME": "app.test", "POSTHOUSE_CONFIG": "/nowhere/posthouse.conf"]

  /// The command under the name `name`.
  init(_ rig: Rig, as name: String = "sendmail") throws {
    self.rig = rig
    link = "\(rig.directory.path)/\(name)"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: try Environment.program("posthouse"))
  }

  /// The same, handing in to a place.
  func handing(to place: String) -> Sendmail {
    var copy = self
    copy.environment["POSTHOUSE_SUBMIT"] = place
    return copy
  }

  /// What came of a call.
  struct Ending {
    let code: Int32
    let output: String
    let complaint: String
  }

  /// Calls it with a message and waits for its end.
  func callAsFunction(_ arguments: String..., message: String = "Subject: x\n\nhello\n") throws -> Ending {
    try run(arguments, Array(message.utf8))
  }

  func run(_ arguments: [String], _ message: [UInt8]) throws -> Ending {
    let input = "\(rig.directory.path)/input-\(UUID().uuidString)"
    try Data(message).write(to: URL(fileURLWithPath: input))
    let child = try rig.run(link, arguments, environment: environment, input: input)
    guard case .exited(let code)? = child.end else { throw HarnessFailure("sendmail ended with \(String(describing: child.end))") }
    return Ending(code: code, output: child.output, complaint: child.errors)
  }

  /// Who runs the tests.
  static var user: String { NSUserName() }
}
