// SPDX-License-Identifier: Apache-2.0
internal import EventLoop
internal import LinuxSystem
internal import Timekeeping

/// What was last seen of the file system's free space.
@Loop final class SpaceWatch {
  /// The last figures.
  private(set) var last: DiskSpace?
  /// Why the figures could not be had, if they could not.
  private(set) var failure: SystemFailure?
  /// Whether somebody is looking.
  var isLooking = false
  private var seen: Moment?

  /// Whether the figures are too old to rely on and nobody is getting new ones.
  func isStale(at now: Moment) -> Bool {
    guard !isLooking, let seen else { return !isLooking }
    return now - seen >= .seconds(1)
  }

  /// Takes new figures.
  func note(_ result: Result<DiskSpace, SystemFailure>, at now: Moment) {
    isLooking = false
    seen = now
    switch result {
    case .success(let space): (last, failure) = (space, nil)
    case .failure(let reason): failure = reason
    }
  }

  /// Gets figures, on a worker.
  nonisolated static func look(_ disk: any Disk) -> Result<DiskSpace, SystemFailure> {
    do throws(SystemFailure) { return .success(try disk.space()) } catch { return .failure(error) }
  }
}
