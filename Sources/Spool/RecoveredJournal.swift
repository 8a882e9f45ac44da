// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem

/// What recovery found in a spool, ready to go on.
struct RecoveredJournal: Sendable {
  /// The lock, held as long as this lives.
  var lock: any DiskFile
  /// The messages.
  var queue = QueueReplay()
  /// The segments in use.
  var ledger = SegmentLedger()
  /// The file of the newest segment, if it can be written on.
  var tail: SegmentFile?
  /// How many bytes the summary of the newest segment may take.
  var tailSummary = 0
  /// The empty segments.
  var spares: [SegmentFile] = []
  /// The first number never used in a file name.
  var nextSlot: UInt32 = 1
  /// The first number never used for a segment.
  var nextSequence: UInt32 = 1
  /// How many bytes the bodies in files take.
  var bodyBytes: Int64 = 0
  /// What recovery has to tell.
  var report = RecoveryReport()
}

/// What recovery has to tell people.
package struct RecoveryReport: Hashable, Sendable {
  /// How many messages are in the spool.
  package internal(set) var messages = 0
  /// How many segments were read record by record.
  package internal(set) var segmentsRead = 0
  /// How many segments were taken from their summaries.
  package internal(set) var segmentsSummarized = 0
  /// Whether the journal ended in something that was never acknowledged, as after a crash.
  package internal(set) var hadTornTail = false
  /// How many bodies belonged to no message, as after a crash, and were removed.
  package internal(set) var orphansRemoved = 0
  /// The damage that came to light, in sentences; mail may be lost.
  package internal(set) var damage = DamageBook()
  /// All sentences about damage.
  package var damages: [String] { damage.sentences }

  /// A report with nothing to tell.
  package init() {}
}
