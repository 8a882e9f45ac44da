// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem
internal import Secrets
internal import Varlink

/// The `posthouse` command: asks and tells the daemon over its control socket, and looks at configuration and captured mail without it.
///
/// It is a plain synchronous program that starts, answers and ends. What it prints for people comes first where it hurts; with `--json`,
/// machines get the same facts. ``ExitCode`` says what happened.
@main
enum Posthouse {
  static func main() {
    signal(SIGPIPE, SIG_IGN)
    StandardStreams.keepPlaces()
    let arguments = Array(CommandLine.arguments.dropFirst())
    var wantsJSON = arguments.contains("--json")
    do throws(CommandFailure) {
      let mode = SendmailInvocation.mode(calledAs: CommandLine.arguments.first ?? "")
      let invocation = if let mode { Invocation(mode, arguments) } else { try Invocation(arguments) }
      wantsJSON = invocation.wantsJSON
      exit(try run(invocation))
    } catch {
      Output.complain("posthouse: \(error.text)")
      if wantsJSON {
        Output.show(JSON.object(JSONObject(["error": .string(error.text), "exitCode": .integer(Int64(error.code.rawValue))])).pretty)
      }
      exit(error.code.rawValue)
    }
  }

  /// Does what was asked and answers the exit status.
  private static func run(_ invocation: Invocation) throws(CommandFailure) -> Int32 {
    switch invocation.command {
    case .status: return try StatusCommand(invocation).run().rawValue
    case .queue(let action): return try QueueCommand(invocation).run(action).rawValue
    case .flush(let id): return try QueueCommand(invocation).flush(id).rawValue
    case .configuration(let view): return try ConfigurationCommand(invocation).run(view).rawValue
    case .captured(let choice): return try CapturedCommand(invocation).run(choice).rawValue
    case .spool(let action, _): return try SpoolCommand(invocation).run(action).rawValue
    case .sendmail(let mode, let arguments): return SendmailCommand(invocation).run(mode, arguments).rawValue
    case .version:
      let version = Release.version
      Output.show(invocation.wantsJSON ? JSON.object(JSONObject(["version": .string(version)])).pretty : "posthouse \(version)")
      return ExitCode.success.rawValue
    case .help:
      Output.show(HelpText.text)
      return ExitCode.success.rawValue
    }
  }
}

/// What the exit status of the command means.
enum ExitCode: Int32 {
  /// Done, and all is well.
  case success = 0
  /// Done, and something is wrong: an upstream is held or failing, a configuration has mistakes, a message is not there.
  case problem = 1
  /// The command line was not understood.
  case usage = 2
  /// No daemon answered.
  case absent = 3
  /// The daemon, or the system, refused access.
  case denied = 4
}

/// Why the command could not do what it was asked to do: one sentence, and the exit status.
struct CommandFailure: Error {
  let code: ExitCode
  let text: String

  init(_ code: ExitCode, _ text: String) {
    self.code = code
    self.text = text
  }

  /// The failure of a file operation; where access was refused, being root is the remedy.
  init(_ failure: SystemFailure, remedy: String) {
    self.init(failure.isDenial ? .denied : .problem, "\(failure); \(failure.isDenial ? "run this as root" : remedy)")
  }
}
