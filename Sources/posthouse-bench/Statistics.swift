// SPDX-License-Identifier: Apache-2.0

/// Of many runs, one figure.
enum Statistics {
  /// The middle one; of an even number, the mean of the two in the middle.
  static func median(_ values: [Double]) -> Double {
    precondition(!values.isEmpty, "there is a middle where there is something")
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}

extension Double {
  /// With so many decimals.
  func text(_ decimals: Int) -> String {
    guard isFinite else { return "-" }
    let unit = (0..<decimals).reduce(1.0) { product, _ in product * 10 }
    let scaled = Int((abs(self) * unit).rounded())
    let sign = self < 0 && scaled > 0 ? "-" : ""
    guard decimals > 0 else { return sign + "\(scaled)" }
    let digits = String(scaled)
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }

  /// Short: three digits that matter.
  var brief: String { text(abs(self) >= 100 ? 0 : abs(self) >= 10 ? 1 : 2) }
}
