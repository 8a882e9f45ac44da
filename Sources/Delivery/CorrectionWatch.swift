// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Secrets
import Settings
import Timekeeping

/// Looks, while mail waits for a person to put something right, whether one of the files was changed that connections are made with: the
/// next try comes with the correction, and not minutes later with the next probe.
///
/// The files are noted when a connection begins, before the first of them is read: what changes after that is news. So each change is worth
/// one try, and nobody knocks with a secret that was refused.
@Loop final class CorrectionWatch {
  private let loop: EventLoop
  private let workers: any Workers
  private var isLooking = false

  /// A watch that looks at nothing yet.
  init(_ loop: EventLoop, _ workers: any Workers) {
    self.loop = loop
    self.workers = workers
  }

  /// Looks at an upstream's files from now on, for as long as it is held.
  func begin(_ upstream: Upstream) {
    guard !isLooking else { return }
    isLooking = true
    wait(upstream)
  }

  private func wait(_ upstream: Upstream) {
    loop.schedule(at: loop.moment + CorrectionWatch.pace) { [weak self, weak upstream] in
      guard let self, let upstream else { return }
      look(upstream)
    }
  }

  private func look(_ upstream: Upstream) {
    guard upstream.isHeld, let known = upstream.links.files else {
      isLooking = false
      return
    }
    let paths = upstream.settings.filePaths
    workers.run({ FileSignature(of: paths) != known }) { [weak self, weak upstream] isChanged in
      guard let self, let upstream else { return }
      if isChanged, upstream.isHeld, upstream.links.files == known { upstream.corrected() }
      wait(upstream)
    }
  }

  private static let pace: Duration = .seconds(5)
}
