// SPDX-License-Identifier: Apache-2.0

/// The rows about how messages come to their end: what replies mean, and who hears of it.
enum EndingTable {
  static let reply: [Setting] = [
    Setting(
      "Reply.Rule", \.reply.rules, .onReload, unset: "none; the built-in rules hold",
      "What a refusal of the upstream means, where the daemon would judge it wrongly. One rule on each line, and as many lines as needed; "
        + "the first that fits counts, before everything that is built in. A rule is written as CODE STATUS \"words\" at STAGE means "
        + "MEANING; see RULES ABOUT REPLIES in posthouse.conf(5).")
  ]

  static let bounce: [Setting] = [
    Setting(
      "Bounce.To", \.bounce.to, .onReload, unset: "the sender of the message",
      "Who gets the reports about mail that could not be delivered, in place of its sender. Mail of the null sender is never reported."),
    Setting(
      "Bounce.WarnAfter", \.bounce.warnAfter, .onReload, unset: "never",
      "How long a message waits before its sender is told that it is late, once, unless the sender wanted no such report (NOTIFY). It "
        + "cannot be less than 1min."),
    Setting(
      "Bounce.MaxPerHour", \.bounce.maxPerHour, 0...1_000_000, .onReload,
      "How many reports are made in an hour, so that a program gone wild does not flood its sender's mailbox and harm the name of this "
        + "house. What fails beyond it is kept as failed and reported to nobody; status and log say so. With 0 there are no reports."),
  ]
}
