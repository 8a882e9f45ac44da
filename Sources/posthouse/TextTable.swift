// SPDX-License-Identifier: Apache-2.0
/// Rows of texts in aligned columns; a row may have a remark below it.
struct TextTable {
  private let titles: [String]
  private let rightAligned: Set<Int>
  private var rows: [(cells: [String], remark: String?)] = []

  /// A table with titles; the columns in `rightAligned` end at one line, as numbers should.
  init(_ titles: [String], rightAligned: Set<Int> = []) {
    self.titles = titles
    self.rightAligned = rightAligned
  }

  /// How many rows there are.
  var count: Int { rows.count }

  /// Adds a row.
  mutating func add(_ cells: [String], remark: String? = nil) {
    precondition(cells.count == titles.count, "a row has a cell for each column")
    rows.append((cells, remark))
  }

  /// The rows with their titles above them.
  var lines: [String] {
    let all = [titles] + rows.map(\.cells)
    let widths = titles.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    var lines = [line(titles, widths)]
    for row in rows {
      lines.append(line(row.cells, widths))
      if let remark = row.remark { lines.append(String(repeating: " ", count: widths[0] + 2) + remark) }
    }
    return lines
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var line = ""
    for (column, cell) in cells.enumerated() {
      let padding = String(repeating: " ", count: widths[column] - cell.count)
      if column > 0 { line += "  " }
      line += rightAligned.contains(column) ? padding + cell : column == cells.count - 1 ? cell : cell + padding
    }
    return line
  }
}
