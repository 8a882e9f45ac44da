// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Octets

/// Why the spool takes no new mail, in words for the log and the status.
enum SpoolProblem {
  /// The journal cannot be written.
  case journal(SystemFailure)
  /// No new segment can be made.
  case preparation(SystemFailure)
  /// A large body cannot be written.
  case body(SystemFailure)
  /// A large body could not be written of late.
  case largeBody(SystemFailure)
  /// Less than the reserve is free.
  case reserve(free: Int64, reserve: ByteCount)
  /// Fewer files than the reserve can be made.
  case files(free: Int64, reserve: Int64)
  /// The spool is as large as it may be.
  case quota(used: Int64, quota: ByteCount)
  /// The spool holds as many messages as it may.
  case messages(Int)

  /// What happened, why, and what to do.
  var words: String {
    switch self {
    case .journal(let failure), .preparation(let failure), .body(let failure):
      "\(failure); \(SpoolProblem.remedy(failure)); new mail gets 452, delivery goes on"
    case .largeBody(let failure):
      "a large message could not be stored: \(failure); \(SpoolProblem.remedy(failure)); it got 452, small ones are taken"
    case .reserve(let free, let reserve):
      "only \(free / 1_048_576) MiB are free on the spool's file system, less than Spool.Reserve (\(reserve)); "
        + "free space or lower the reserve; new mail gets 452, delivery goes on"
    case .files(let free, let reserve):
      "only \(free) files can still be made on the spool's file system, \(reserve) are kept in reserve; "
        + "remove files; new mail gets 452, delivery goes on"
    case .quota(let used, let quota):
      "the spool takes \(used / 1_048_576) MiB, Spool.Quota is \(quota); raise it or see why mail is not delivered; new mail gets 452"
    case .messages(let limit):
      "the spool holds \(limit) messages, as many as Spool.Messages allows; raise it or see why mail is not delivered; new mail gets 452"
    }
  }

  private static func remedy(_ failure: SystemFailure) -> String {
    switch failure.number {
    case 28, 122: "free space or lower Spool.Reserve"  // ENOSPC, EDQUOT
    case 30: "mount the file system writable again; see the kernel log for what made it read-only"  // EROFS
    case 5: "the device fails; see the kernel log"  // EIO
    case 1, 13: "give the daemon's user the directory back"  // EPERM, EACCES
    case 23, 24: "raise LimitNOFILE="  // ENFILE, EMFILE
    default: "it is tried again every second"
    }
  }
}
