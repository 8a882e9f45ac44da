// SPDX-License-Identifier: Apache-2.0
/// The rows of the table about several upstreams: which mail goes where, and how much of it.
enum RoutingTable {
  /// The rows of `[Upstream]` that speak about it beside others.
  static let upstream: [Setting] = [
    Setting(
      "Upstream.Priority", \.upstream.priority, 0...1000, .onReload,
      "Which of several upstreams is tried first: the one with the lowest number. Another is used only while none before it can take mail: "
        + "it is not to be reached, held for an operator's fault, wants less for a while, or has had its MaxPerDay=."),
    Setting(
      "Upstream.Weight", \.upstream.weight, 1...1000, .onReload,
      "How much of the mail this upstream takes beside others of the same priority: with 3 and 1, three messages of four. One that has no "
        + "room for another message lets the others take it."),
    Setting(
      "Upstream.MaxPerSecond", \.upstream.maxPerSecond, 1...1_000_000, .onReload, unset: "no limit",
      "How much this upstream gets in a second. What is more waits; apps (by unit, else by user) take turns, so that none waits for "
        + "another's backlog."),
    Setting(
      "Upstream.MaxPerMinute", \.upstream.maxPerMinute, 1...10_000_000, .onReload, unset: "no limit",
      "How much this upstream gets in a minute."),
    Setting(
      "Upstream.MaxPerDay", \.upstream.maxPerDay, 1...100_000_000, .onReload, unset: "no limit",
      "How much this upstream gets in any 24 hours. What is counted survives a restart. Gmail allows 2,000 a day, Exchange Online 10,000 "
        + "recipients."),
    Setting(
      "Upstream.LimitCounts", \.upstream.limitCounts, .onReload,
      "What these limits count: messages or recipients."),
  ]

  /// The rows of `[Route]`.
  static let route: [Setting] = [
    Setting(
      "Route.Senders", \.route.senders, .onReload, unset: "every sender",
      "Senders whose mail it speaks about, as in AllowSenders= of [Policy]."),
    Setting(
      "Route.Recipients", \.route.recipients, .onReload, unset: "every recipient",
      "Recipients whose mail it speaks about. A message to several goes several ways where routes differ."),
    Setting(
      "Route.Users", \.route.users, .onReload, unset: "every user",
      "Users, by name or number, whose programs' mail it speaks about."),
    Setting(
      "Route.Units", \.route.units, .onReload, unset: "every unit",
      "systemd units whose mail it speaks about; a * stands for any part of a name."),
    Setting(
      "Route.Upstreams", \.route.upstreams, .onReload, unset: "those that no route names",
      "The upstreams that take this mail, by name; the one in [Upstream] is called default. Their Priority= and Weight= decide between "
        + "them."),
    Setting(
      "Route.Bulk", \.route.isBulk, .onReload, unset: "as the message's Precedence: says",
      "Whether other mail passes this. Mail whose header says Precedence: bulk, list or junk is bulk by itself."),
  ]
}
