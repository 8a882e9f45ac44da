// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// The rows of `[Upstream]` that are about single connections.
enum ConnectionTable {
  /// Which way a connection takes, and how long each step may last.
  static let rows: [Setting] = [
    Setting(
      "Upstream.SourceAddress", \.upstream.connection.sources, .onReload, unset: "chosen by the system",
      "The address of this machine to connect from; one for IPv4, one for IPv6, or both. With only one of them the upstream's addresses "
        + "of the other family are not used."),
    Setting(
      "Upstream.ConnectionAge", \.upstream.connection.maxAge, .seconds(1) ... .seconds(86_400), .onReload,
      "How old a connection may grow; an older one takes no more mail and is closed. Large providers replace their servers often."),
    Setting(
      "Upstream.GreetingTimeout", \.upstream.connection.greetingTimeout, .seconds(1) ... .seconds(3600), .onReload,
      unset: "CommandTimeout=", "How long the upstream may take to greet. RFC 5321 asks for five minutes."),
    Setting(
      "Upstream.MailTimeout", \.upstream.connection.mailTimeout, .seconds(1) ... .seconds(3600), .onReload,
      unset: "CommandTimeout=", "How long the upstream may take to answer MAIL. RFC 5321 asks for five minutes."),
    Setting(
      "Upstream.RecipientTimeout", \.upstream.connection.recipientTimeout, .seconds(1) ... .seconds(3600), .onReload,
      unset: "CommandTimeout=", "How long the upstream may take to answer each RCPT. RFC 5321 asks for five minutes."),
    Setting(
      "Upstream.DataCommandTimeout", \.upstream.connection.dataCommandTimeout, .seconds(1) ... .seconds(3600), .onReload,
      unset: "2min, or CommandTimeout= if that is less", "How long the upstream may take to answer DATA. RFC 5321 asks for two minutes."),
  ]
}
