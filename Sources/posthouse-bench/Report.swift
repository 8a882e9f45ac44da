// SPDX-License-Identifier: Apache-2.0
import Harness
import Varlink

/// What a run came to, as JSON and as tables for people; the tables are made from the JSON, so that both say the same.
struct Report {
  /// All of it.
  let object: JSONObject

  /// The report of a run that has just ended.
  init(_ object: JSONObject) { self.object = object }

  /// The report of an earlier run.
  init(text: String) throws {
    guard let object = try JSON(parsing: text.utf8.span).object else { throw HarnessFailure("a report is a JSON object") }
    self.object = object
  }

  /// Everything as Markdown.
  var tables: String {
    [
      facts, section("Aims", Aims(self).table), section("The machine by itself", machine), section("Beside its peers", peers),
      section("Sizes and numbers of apps", grid),
      section("Apps that pipeline, latency, an upstream far away", special), section("The spool alone", spool),
      section("Memory, start-up, draining", footprint),
    ].compactMap { $0 }.joined(separator: "\n")
  }

  /// Writes the tables into a page, in the place of those between its marks.
  func write(into path: String) throws {
    let (start, end) = ("<!-- figures -->\n", "<!-- end of figures -->")
    let page = try Files.text(at: path)
    guard let before = page.firstRange(of: start), let behind = page.firstRange(of: end), before.upperBound <= behind.lowerBound else {
      throw HarnessFailure("\(path) has no marks \"<!-- figures -->\" and \"<!-- end of figures -->\"")
    }
    try Files.write(page[..<before.upperBound] + "\n" + tables + "\n" + page[behind.lowerBound...], to: path)
  }

  /// The line of a relay under a workload.
  func line(_ workload: String, _ relay: String) -> JSONObject? {
    results.first { $0.text("workload") == workload && $0.text("relay") == relay }
  }

  /// One of the figures of memory, start-up and draining, by the beginning of its name.
  func figure(_ name: String) -> Double? {
    objects("figures").first { $0.text("name").hasPrefix(name) }?.number("value")
  }

  /// What the machine can do at best.
  func ground(_ figure: Ground.Figure) -> Double? { object["ground"]?.object?.number(figure.rawValue) }

  /// All lines of relays under workloads.
  var results: [JSONObject] { objects("results") }

  /// A list of objects in the report; empty when it has none.
  func objects(_ name: String) -> [JSONObject] { (try? object.objects(name)) ?? [] }

  private func section(_ title: String, _ table: MarkdownTable) -> String? {
    table.isEmpty ? nil : "### \(title)\n\n\(table.text)"
  }

  private var facts: String {
    let machine = object["machine"]?.object ?? JSONObject()
    return """
      Measured \(object.text("date")), version \(object.text("version")), in \(((object.number("seconds") ?? 0) / 60).text(0)) minutes, \
      \(Int(object.number("rounds") ?? 0)) rounds, by `\(object.text("command"))`.
      Machine: \(machine.text("processor")), \(Int(machine.number("processors") ?? 0)) processors, memory \(machine.text("memory")), \
      Linux \(machine.text("kernel")); load at the start \(machine.text("load").split(separator: " ").first ?? "?").

      """
  }
}

extension JSONObject {
  /// A member that is text; empty when there is none.
  func text(_ name: String) -> String {
    if case .string(let text) = self[name] { text } else { "" }
  }

  /// A member that is a number of either kind.
  func number(_ name: String) -> Double? {
    switch self[name] {
    case .integer(let number): Double(number)
    case .number(let number): number
    default: nil
    }
  }
}

/// Rows of cells under a head, as Markdown that can be read as it is: words to the left, numbers to the right.
struct MarkdownTable {
  /// What each column is.
  let head: [String]
  /// How many columns are words.
  let words: Int
  /// The rows.
  private(set) var rows: [[String]] = []

  /// A table without rows.
  init(_ head: [String], words: Int) {
    self.head = head
    self.words = words
  }

  /// Whether there is nothing to tell.
  var isEmpty: Bool { rows.isEmpty }

  /// Adds a row.
  mutating func add(_ cells: [String]) { rows.append(cells) }

  /// The table.
  var text: String {
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      let padded = cells.enumerated().map { column, cell in
        let blank = String(repeating: " ", count: widths[column] - cell.count)
        return column < words ? cell + blank : blank + cell
      }
      return "| " + padded.joined(separator: " | ") + " |\n"
    }
    let rule = head.indices.map { column in
      column < words ? String(repeating: "-", count: widths[column]) : String(repeating: "-", count: max(1, widths[column] - 1)) + ":"
    }
    return line(head) + line(rule) + rows.map(line).joined()
  }
}
