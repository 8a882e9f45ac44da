// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Secrets
import Settings
import Timekeeping

/// Looks, while mail waits for a person to put something right, whether one of the files was changed that connections are made with: the
/// next try comes with the correction, and not minutes later with the next probe.
///
/// The files are noted when a connection begins, before the first of them is read: what changes after that is news, once. So each change is
/// worth one try, and nobody knocks with a secret that was refused. A file that changes again and again is looked at less and less often,
/// until the mail goes out.
@Loop final class CorrectionWatch {
  private let loop: EventLoop
  private let workers: any Workers
  private var isLooking = false
  private var announced: FileSignature?

  /// A watch that looks at nothing yet.
  init(_ loop: EventLoop, _ workers: any Workers) {
    self.loop = loop
    self.workers = workers
  }

  /// Looks at an upstream's files from now on, for as long as it is held.
  func begin(_ upstream: Upstream) {
    guard !isLooking else { return }
    isLooking = true
    announced = nil
    wait(CorrectionWatch.shortest, upstream)
  }

  private func wait(_ pace: Duration, _ upstream: Upstream) {
    loop.schedule(at: loop.moment + pace) { [weak self, weak upstream] in
      guard let self, let upstream else { return }
      look(pace, upstream)
    }
  }

  private func look(_ pace: Duration, _ upstream: Upstream) {
    guard upstream.isHeld else {
      isLooking = false
      return
    }
    let paths = upstream.settings.filePaths
    // Before the first connection by new settings there is nothing to compare with.
    guard let known = upstream.links.files, known.paths == paths, !paths.isEmpty else { return wait(pace, upstream) }
    workers.run({ FileSignature(of: paths) }) { [weak self, weak upstream] (found: FileSignature) in
      guard let self, let upstream else { return }
      guard found != known, found != announced, upstream.links.files == known, upstream.isHeld else { return wait(pace, upstream) }
      announced = found
      upstream.corrected()
      wait(min(pace * 2, CorrectionWatch.longest), upstream)
    }
  }

  private static let shortest: Duration = .seconds(5)
  private static let longest: Duration = .seconds(300)
}
