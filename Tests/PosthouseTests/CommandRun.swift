// SPDX-License-Identifier: Apache-2.0
import Foundation
import Octets
import Testing
import Varlink

/// One run of the built command to its end.
struct CommandRun {
  let code: Int32
  let output: String
  /// The same, byte for byte.
  let bytes: [UInt8]
  let complaint: String

  /// Runs the command with nothing in its environment but what is given.
  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    try self.init(program: CommandRun.executable(), arguments, environment: environment)
  }

  /// Runs a copy of the command as a user who may do nothing; only root can.
  init(asNobody arguments: [String], in directory: TemporaryDirectory) throws {
    let copy = URL(fileURLWithPath: "\(directory.path)/posthouse")
    // Not written by this process: a child that another test starts meanwhile would have the file open, and it could not be run.
    let copying = try Process.run(URL(fileURLWithPath: "/bin/cp"), arguments: [try CommandRun.executable().path, copy.path])
    copying.waitUntilExit()
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
    let command = ["--reuid=65534", "--regid=65534", "--clear-groups", copy.path]
    try self.init(program: CommandRun.switcher, command + arguments, environment: [:])
  }

  /// The program of util-linux that starts another one as somebody else.
  static let switcher = URL(fileURLWithPath: "/usr/bin/setpriv")

  private init(program: URL, _ arguments: [String], environment: [String: String]) throws {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = environment
    let (output, complaint) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = complaint
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let said = output.fileHandleForReading.readDataToEndOfFile()
    let complained = complaint.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    code = process.terminationStatus
    self.output = String(decoding: said, as: UTF8.self)
    bytes = Array(said)
    self.complaint = String(decoding: complained, as: UTF8.self)
  }

  /// The output as JSON.
  func json() throws -> JSON { try JSON(parsing: output.utf8.span) }

  /// The command stands beside the tests that were built with it.
  private static func executable() throws -> URL {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let command = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("posthouse")
    try #require(FileManager.default.isExecutableFile(atPath: command.path), "build it with swift build --product posthouse")
    return command
  }
}

/// A directory of one test, gone with it.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    path = "/tmp/posthouse-\(UUID().uuidString.prefix(18))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, and the directories above it, and answers its path.
  @discardableResult
  func file(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
    let path = "\(self.path)/\(name)"
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    return path
  }
}
