// SPDX-License-Identifier: Apache-2.0
internal import SMTP

/// What the exit status of a program means that stands in for sendmail (sysexits.h), as the programs that call one know it.
enum SystemExit: Int32 {
  /// Done.
  case ok = 0
  /// The command line was not understood.
  case usage = 64
  /// The message, or an address in it, was not understood.
  case dataError = 65
  /// There is no such recipient.
  case noUser = 67
  /// It was refused for good.
  case unavailable = 69
  /// The message could not be read.
  case ioError = 74
  /// Try again later: the daemon is not there, or takes no mail now.
  case temporaryFailure = 75
  /// What answers does not speak SMTP.
  case protocolError = 76
  /// This may not be done by this user.
  case noPermission = 77
  /// The configuration is wrong.
  case configuration = 78

  /// What the same thing means when the command fails by its own name.
  init(_ code: ExitCode) {
    switch code {
    case .success: self = .ok
    case .problem: self = .unavailable
    case .usage: self = .usage
    case .absent: self = .temporaryFailure
    case .denied: self = .noPermission
    }
  }
}

/// Why a message was not taken: one sentence, and the exit status.
struct SendmailFailure: Error {
  let code: SystemExit
  let text: String
  /// Whether there is nobody to talk to, so that nothing else can be sent either.
  let isAbsence: Bool

  init(_ code: SystemExit, _ text: String, isAbsence: Bool = false) {
    self.code = code
    self.text = text
    self.isAbsence = isAbsence
  }

  /// The failure that the daemon's reply to something means.
  init(_ reply: UpstreamReply, to what: String, at stage: Stage) {
    self.init(SendmailFailure.code(reply, stage), "the relay refuses \(what): \(reply)")
  }

  /// What the daemon was asked for.
  enum Stage {
    case connection
    case sender
    case recipient
    case message
  }

  private static func code(_ reply: UpstreamReply, _ stage: Stage) -> SystemExit {
    guard reply.code >= 500 else { return .temporaryFailure }
    if reply.status?.subject == 7 { return .noPermission }
    switch stage {
    case .connection: return .temporaryFailure
    case .recipient: return reply.status?.subject == 1 ? .noUser : .unavailable
    case .message: return reply.status?.subject == 6 ? .dataError : .unavailable
    case .sender: return .unavailable
    }
  }
}
