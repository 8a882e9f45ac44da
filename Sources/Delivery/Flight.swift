// SPDX-License-Identifier: Apache-2.0
import Mail
import SMTP

/// One transaction on a connection, from its envelope's leaving to the last reply it gets.
///
/// Replies come in the order of the commands (RFC 2920), so the oldest flight owns the next reply.
struct Flight {
  let consignment: Consignment
  let transaction: UpstreamTransaction
  let form: Form
  /// The recipients that are named in this transaction, by their place in the envelope.
  let named: [Int]
  /// Whether it left before the flight in front of it was answered.
  let isBehindAnother: Bool
  /// What is decided so far.
  var report = TransactionReport()
  /// Whether the whole body is on its way, so that the upstream may have taken the message.
  var isComplete = false

  /// A flight of which nothing is decided.
  init(_ consignment: Consignment, _ transaction: UpstreamTransaction, _ form: Form, named: [Int], isBehindAnother: Bool) {
    self.consignment = consignment
    self.transaction = transaction
    self.form = form
    self.named = named
    self.isBehindAnother = isBehindAnother
  }

  /// The named recipients that nothing is decided about.
  var undecided: [Int] { named.filter { !report.decided.contains($0) } }

  /// A setback that concerns everybody who is not decided about.
  mutating func refuse(_ setback: Setback) {
    report.stop(undecided, setback)
  }

  /// How the body travels.
  enum Form: Hashable {
    /// Behind DATA, when the upstream has asked for it.
    case lines
    /// In one counted chunk right behind the envelope (RFC 3030).
    case chunks
  }
}
