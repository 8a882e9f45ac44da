// SPDX-License-Identifier: Apache-2.0
/// The rooms and programs that `Package.swift` declares, with what each uses.
struct Manifest {
  /// What each room or program depends on, by its name.
  private(set) var uses: [String: [String]] = [:]

  /// Reads the `room(…)` and `program(…)` calls of a manifest.
  init(_ text: String) {
    for maker in ["room(", "program(", "yardstick("] {
      for range in text.ranges(of: maker) {
        let call = text[range.upperBound...].prefix { $0 != ")" }
        guard call.first(where: { !$0.isWhitespace }) == "\"" else { continue }
        // Between quotation marks stand the odd pieces.
        let pieces = call.split(separator: "\"", omittingEmptySubsequences: false)
        let quoted = pieces.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
        guard let name = quoted.first else { continue }
        uses[name] = Array(quoted.dropFirst())
      }
    }
  }
}
