// SPDX-License-Identifier: Apache-2.0
internal import Harness

/// What callgrind counted: instructions in all, and calls of the allocator.
struct CallgrindProfile {
  /// Instructions executed in user mode.
  private(set) var instructions = 0
  /// Calls of malloc and its kin.
  private(set) var allocations = 0

  /// Reads callgrind's file.
  init(path: String) throws {
    var names: [Substring: Substring] = [:]
    var callee: Substring = ""
    for line in try Files.text(at: path).split(separator: "\n") {
      if line.hasPrefix("totals: ") || line.hasPrefix("summary: ") {
        instructions = Int(line.split(separator: " ")[1]) ?? 0
      } else if line.hasPrefix("fn=") {
        _ = CallgrindProfile.name(line.dropFirst(3), &names)
      } else if line.hasPrefix("cfn=") {
        callee = CallgrindProfile.name(line.dropFirst(4), &names)
      } else if line.hasPrefix("calls="), CallgrindProfile.allocators.contains(callee) {
        allocations += Int(line.dropFirst(6).prefix { $0.isNumber }) ?? 0
      }
    }
  }

  private static let allocators: Set<Substring> = ["malloc", "calloc", "posix_memalign", "aligned_alloc"]

  /// A name is written once, behind its number, and then only the number.
  private static func name(_ text: Substring, _ names: inout [Substring: Substring]) -> Substring {
    guard text.first == "(", let end = text.firstIndex(of: ")") else { return text }
    let number = text[...end]
    let rest = text[text.index(after: end)...].drop { $0 == " " }
    if !rest.isEmpty { names[number] = rest }
    return names[number] ?? ""
  }
}
