// SPDX-License-Identifier: Apache-2.0
/// The manual page posthouse.conf(5), written from the table as man(7) source.
package enum ManualPage {
  /// The whole page.
  package static var text: String {
    var page = ManualPage.head
    for section in SettingsTable.sections {
      page += ".SS \(escaped(section.heading))\n\(escaped(section.summary))\n"
      for setting in section.settings { page += entry(setting) }
    }
    return page + ManualPage.tail
  }

  private static func entry(_ setting: Setting) -> String {
    let fallback = setting.unset.map(escaped) ?? "\\fB\(escaped(setting.defaultText))\\fR"
    let limits = setting.field.limitsText.map { ", \(escaped($0))" } ?? ""
    let effect =
      switch setting.effect {
      case .onReload: "after a reload"
      case .onRestart: "after a restart"
      }
    let isUnnamed = SettingsTable.unnamed.contains { $0.key == setting.key }
    let variable = isUnnamed ? " Environment: \\fB\(escaped(setting.variable))\\fR." : ""
    return """
      .TP
      \\fB\(setting.name)=\\fR (\(escaped(setting.kind))\(limits))
      \(escaped(setting.summary))
      .br
      Default: \(fallback). Changes hold \(effect).\(variable)

      """
  }

  /// Text that roff shall print as it is.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "'": result += "\\(aq"
      case "–": result += "\\(en"
      default: result.append(character)
      }
    }
    return result.hasPrefix(".") ? "\\&\(result)" : result
  }

  private static let head = #"""
    .\" Written from the table of settings by "posthouse config manual"; change the table, not this page.
    .TH POSTHOUSE.CONF 5 "" Posthouse "File formats"
    .SH NAME
    posthouse.conf \- configuration of the local mail relay posthoused(8)
    .SH SYNOPSIS
    .B /etc/posthouse/posthouse.conf
    .br
    .B /etc/posthouse/posthouse.conf.d/*.conf
    .SH DESCRIPTION
    The file is read first, then the drop\-ins in the directory beside it that has its name and
    .BR .d ,
    in the order of their names, then the environment. What comes later speaks over what came before. A mistake in any of them refuses the
    whole: the daemon does not start with it, and a reload leaves the running settings as they are. A value that a later one replaces is
    not looked at.
    .PP
    .B posthouse config check
    names every mistake with its file and line;
    .B posthouse config show
    prints what holds and where each value came from, secrets hidden.
    .SH FORM
    A line
    .BI [ Section ]
    begins a section; the same section may stand in several places. Some sections take a name, as in
    .BR "[Upstream \(dqbackup\(dq]" ,
    and may stand there any number of times, each name being one of its own. A line
    .IB Key = value
    gives a setting its value. Names are written exactly as below.
    .IP \(bu 2
    Lines that begin with
    .B #
    or
    .B ;
    are comments. A
    .B #
    that begins a word ends a value: what follows is a comment. Inside a word or between quotes it is an ordinary character.
    .IP \(bu 2
    A value, or a word of a list, may stand between double quotes, in which \e" and \e\e stand for a quote and a backslash, or between
    single quotes, which know no escapes. Quotes count only at the beginning of a word.
    .IP \(bu 2
    A
    .B \e
    at the end of a line continues it on the next; comment lines between are passed over.
    .IP \(bu 2
    An assignment speaks over an earlier one. Lists grow with every assignment; an empty assignment forgets everything said before, so
    that the default holds again.
    .PP
    Types: a
    .I boolean
    is yes or no (true, on or 1, and false, off or 0 are taken too); a
    .I duration
    is written as 500ms, 30s, 5min 30s, 2h or 2d, a bare number means seconds; a
    .I size
    is a number of bytes, or one with K, M, G or T behind it; a
    .I list
    has spaces between its words.
    .PP
    Every setting of a section without a name can come from the environment: the variable begins with
    .BR POSTHOUSE_ ,
    then come the section and the name in capitals with underscores between the words, as in POSTHOUSE_UPSTREAM_HOST. Values are taken as
    they are, without
    comments; quotes count in lists and commands only. An empty variable returns to the default.
    .SH SETTINGS

    """#

  private static let tail = #"""
    .SH RULES ABOUT REPLIES
    Refusals of the upstream are judged by the built\-in habits of providers and then by RFC 5321. A line of
    .B Reply.Rule=
    goes before both:
    .PP
    .nf
    [Reply]
    Rule=550 5.4.5 "daily sending limit" at end\-of\-data means quota 24h
    Rule=5xx "not verified" means hold sender\-not\-allowed
    Rule=450 4.2.0 "greylisted" at recipient means recipient later
    .fi
    .PP
    In this order: a code (550, 550\-554, 4xx or 5xx); perhaps an enhanced status (5.4.5, 5.4.*, or none for a reply without one); perhaps
    words that the reply has, in double quotes and in either case; perhaps
    .B at
    and where in the conversation, several joined by commas (greeting, hello, starttls, auth, mail, recipient, data, end\-of\-data, idle);
    behind
    .B means
    one of these:
    .TP
    .B retry
    Later.
    .TP
    .BR throttle " [" connections | logins | \fITIME\fR ]
    Later and more slowly: with fewer connections, fewer logins, or so long between messages (5s).
    .TP
    .BR quota " [\fITIME\fR]"
    Nothing more until the quota is new, at most so long (1d).
    .TP
    .BR split " [" recipients | domains ]
    At once, in smaller transactions.
    .TP
    .BR "recipient later" ", " "recipient never"
    About this recipient only: again later, or failed.
    .TP
    .B permanent
    The message fails for all recipients who are not done with.
    .TP
    .BR hold " [" upstream | message | \fIFAULT\fR ]
    Nothing fails: the upstream, or this one message, is held until an operator has mended something, and status says what.
    .I FAULT
    is one of
    host\-not\-found, source\-unavailable, proxy\-refused, client\-certificate\-refused, certificate\-untrusted, certificate\-expired,
    host\-name\-mismatch, tls\-too\-old, tls\-required,
    peer\-speaks\-plaintext, start\-tls\-not\-offered, start\-tls\-refused, tampering, service\-refused, name\-refused,
    authentication\-required, authentication\-not\-offered, mechanism\-unavailable, channel\-unsafe, credentials\-unavailable,
    credentials\-refused, account\-disabled, basic\-authentication\-retired, token\-refused, upstream\-unproved,
    account\-not\-subscribed, access\-denied, mailbox\-full, sender\-not\-allowed, relaying\-refused, protocol\-mistake.
    .SH EXAMPLE
    .nf
    [Relay]
    Hostname=app1.example.com

    [Upstream]
    Host=smtp.example.com
    User=apikey
    PasswordFile=/etc/posthouse/password
    .fi
    .SH SEE ALSO
    .BR posthoused (8),
    .BR posthouse (1)

    """#
}
