// SPDX-License-Identifier: Apache-2.0
/// Where the time comes from; passed in, so that a simulation can run a week in a millisecond.
package protocol TimeSource: AnyObject, Sendable {
  /// The present on the monotonic clock.
  var moment: Moment { get }
  /// The present in civil time.
  var wallTime: WallTime { get }
}
