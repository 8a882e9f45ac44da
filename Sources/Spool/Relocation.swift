// SPDX-License-Identifier: Apache-2.0
/// A message read from an old segment, to be written anew so that the segment can be given back.
struct Relocation: Sendable {
  /// The message as it stood when it was read.
  var record: AcceptedRecord
  /// Where its accepted record stands.
  var accepted: RecordLocation
  /// Where its newest settlement stood when it was read.
  var settled: RecordLocation
}
