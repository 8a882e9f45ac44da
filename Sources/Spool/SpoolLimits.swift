// SPDX-License-Identifier: Apache-2.0
internal import Mail
package import Octets

/// What the spool may use, and how it deals with it; from the settings.
package struct SpoolLimits: Sendable {
  /// How large a segment of the journal is.
  package var segmentSize = ByteCount.mebibytes(16)
  /// Bodies larger than this go into files of their own, and so do those that do not fit into a record.
  package var inlineBody = ByteCount.kibibytes(1280)
  /// What must stay free on the file system; below it new mail is refused.
  package var reserve = ByteCount.mebibytes(64)
  /// How many free file numbers must stay; below that new mail is refused.
  package var reservedFiles: Int64 = 256
  /// How much the spool may take up; nil for as much as there is.
  package var quota: ByteCount?
  /// How many messages the spool may hold; nil for as many as fit.
  package var messages: Int?
  /// How much memory the bodies on their way in may take together.
  package var intakeMemory = ByteCount.mebibytes(48)
  /// How long a settlement waits at most for a batch to ride in: after a crash, what was settled in that time may be sent twice.
  package var settlementDelay = Duration.milliseconds(50)
  /// How long a failed message stays to be seen.
  package var keepFailed = Duration.seconds(7 * 86_400)
  /// How many empty segments are kept ready.
  package var spareSegments = 2
  /// How long to wait before the disk is tried again after it failed.
  package var probeInterval = Duration.seconds(1)

  /// The limits of a house that nobody has set up.
  package init() {}

  /// The longest batch, unless a single record is longer.
  var batchLimit: Int { min(SpoolFormat.batchLimit, segmentSize.bytes / 4) }

  /// The longest record; with a batch and a wave of settlements it fits into one segment.
  var recordLimit: Int { segmentSize.bytes / 4 }

  /// The longest body that goes into the journal; its envelope must find room beside it.
  func inlineLimit(beside envelope: Envelope?) -> Int {
    guard let envelope else { return min(inlineBody.bytes, recordLimit - SpoolLimits.roomForEnvelope) }
    var fields: [UInt8] = []
    EnvelopeFields.encode(envelope, outcomes: [], into: &fields)
    let meta = SpoolFormat.recordHeaderLength + AcceptedRecord.fixedLength + fields.count + SpoolLimits.roomForFindings
    return max(0, min(inlineBody.bytes, recordLimit - meta))
  }

  /// How many bytes of settlements one batch takes.
  var waveLimit: Int { batchLimit / 4 }

  private static let roomForEnvelope = 8192
  /// For what is found out about a message while it comes, and for alignment.
  private static let roomForFindings = 64

  /// The most recipients a message may have: all their outcomes must fit into one record.
  static let recipients = 5000
}
