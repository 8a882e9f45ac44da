// SPDX-License-Identifier: Apache-2.0
/// Why a test cannot go on: what was tried, on what, and what happened.
package struct HarnessFailure: Error, CustomStringConvertible {
  /// The sentence that the test report shows.
  package let description: String

  /// A failure with this sentence.
  package init(_ description: String) { self.description = description }
}
