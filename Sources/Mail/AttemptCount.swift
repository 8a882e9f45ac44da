// SPDX-License-Identifier: Apache-2.0

/// Whether an attempt counts as one of the message's.
package enum AttemptCount: Hashable, Sendable {
  /// The upstream has judged the message.
  case counted
  /// It never came to that.
  case uncounted
}
