// SPDX-License-Identifier: Apache-2.0
/// The sample `conf/posthouse.conf`, written from the table: every setting as a comment with its default, so that it can be filled in.
package enum SampleFile {
  /// The whole file.
  package static var text: String {
    var lines = [
      "# SPDX-License-Identifier: Apache-2.0",
      "# The configuration of posthoused(8), written from its table of settings.",
      "# posthouse.conf(5) explains the form; \"posthouse config check\" tells what is wrong with it, \"posthouse config show\" what "
        + "holds.",
      "#",
      "# Every line below shows a default. A working configuration needs the upstream's Host=, and usually a User= and a password:",
      "#",
      "#   [Upstream]",
      "#   Host=smtp.example.com",
      "#   User=apikey",
      "#   PasswordFile=/etc/posthouse/password",
    ]
    for section in SettingsTable.sections {
      let isExample = !section.form.mayStandAlone
      lines += [""] + folded(section.summary).map { "# \($0)" } + [(isExample ? "#" : "") + section.heading]
      for setting in section.settings {
        lines.append("")
        lines += folded(setting.summary).map { "# \($0)" }
        if let unset = setting.unset { lines.append("# Not set: \(unset).") }
        lines.append("#\(setting.name)=\(setting.defaultText)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The text in lines that fit a terminal.
  private static func folded(_ text: String) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + word.count < 90 {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
