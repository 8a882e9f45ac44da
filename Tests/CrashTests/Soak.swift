// SPDX-License-Identifier: Apache-2.0
internal import Harness

/// What `make soak` asks for: the whole of what `make test` tries a part of.
enum Soak {
  /// Whether everything is to be tried, however long it takes.
  static let isOn = Environment["POSTHOUSE_SOAK"] != nil

  /// How many power cuts of each kind.
  static let cuts = Environment["POSTHOUSE_CUTS"].flatMap { Int($0) } ?? (isOn ? 200 : 20)
}
