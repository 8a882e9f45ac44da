// SPDX-License-Identifier: Apache-2.0
import Settings
import Spool
import Telemetry

extension SpoolLimits {
  /// The limits that the settings make.
  init(_ settings: SpoolSettings) {
    self.init()
    segmentSize = settings.segmentSize
    reserve = settings.reserve
    quota = settings.quota
    messages = settings.messages
    keepFailed = settings.keepFailed
  }
}

extension RecoveryReport {
  /// What recovery has to tell.
  func events(after time: Duration) -> [RelayEvent] {
    let recovered = SpoolEvent.recovered(messages: messages, segments: segmentsRead + segmentsSummarized, after: time)
    return [.spool(recovered)] + (hadTornTail ? [.spool(.tornTailDropped)] : []) + damages.map { .spool(.damaged(why: $0)) }
  }
}
