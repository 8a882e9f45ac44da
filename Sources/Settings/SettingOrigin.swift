// SPDX-License-Identifier: Apache-2.0
/// Where the value of a setting came from: what `config show` prints beside it and what every complaint begins with.
package enum SettingOrigin: Hashable, Sendable {
  /// Nobody said anything; the table's default holds.
  case byDefault
  /// A line of a file; lines count from 1.
  case line(Int, of: String)
  /// A file as a whole: what is missing from it has no line.
  case file(String)
  /// An environment variable.
  case environment(String)
}

extension SettingOrigin: CustomStringConvertible {
  package var description: String {
    switch self {
    case .byDefault: "default"
    case .line(let number, let file): "\(file):\(number)"
    case .file(let file): file
    case .environment(let variable): "environment \(variable)"
    }
  }
}
