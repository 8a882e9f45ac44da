// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Timekeeping
internal import Varlink

/// `posthouse status`: how the daemon is doing, faults first. The exit status is 1 when somebody must look.
struct StatusCommand {
  private let invocation: Invocation

  init(_ invocation: Invocation) { self.invocation = invocation }

  func run() throws(CommandFailure) -> ExitCode {
    var client = try CommandContext(invocation).client()
    let answer = try client.call(VarlinkCall(RelayInterface.getStatus))
    let status: RelayStatus
    let json: JSONObject
    do throws(VarlinkError) {
      json = try answer.object("status")
      status = try RelayStatus(json)
    } catch {
      throw client.nonsense(error.description)
    }
    if invocation.wantsJSON {
      Output.show(JSON.object(json).pretty)
    } else {
      let report = StatusReport(status, HumanText(now: SystemClock().wallTime.microseconds))
      Output.show(report.lines.joined(separator: "\n"))
    }
    return status.hasProblem ? .problem : .success
  }
}
