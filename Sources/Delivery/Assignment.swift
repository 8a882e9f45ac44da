// SPDX-License-Identifier: Apache-2.0
import Mail

extension Dispatcher {
  /// A message that was taken for a connection, and how often it was tried before.
  struct Assignment {
    let id: MessageID
    let attempts: Int
  }
}
