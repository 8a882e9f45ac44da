// SPDX-License-Identifier: Apache-2.0
import SMTP
import Settings

extension UpstreamSettings {
  /// How long the upstream may take at a stage (RFC 5321 §4.5.3.2).
  func patience(at stage: UpstreamStage) -> Duration {
    switch stage {
    case .connect, .tls: connectTimeout
    case .greeting: connection.greetingTimeout ?? commandTimeout
    case .hello, .startTLS, .authentication, .idle: commandTimeout
    case .mail: connection.mailTimeout ?? commandTimeout
    case .recipient: connection.recipientTimeout ?? commandTimeout
    case .data: connection.dataCommandTimeout ?? min(commandTimeout, .seconds(120))
    case .endOfData: replyTimeout
    }
  }
}
