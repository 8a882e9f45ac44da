// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Waiting for nothing in particular: for what announces itself to nobody.
enum Pause {
  /// Waits so long.
  static func wait(milliseconds: Int) { usleep(UInt32(milliseconds * 1000)) }

  /// Waits until what others have written is on the disk, so that nobody pays for it.
  static func untilDiskIsQuiet() {
    sync()
    wait(milliseconds: 200)
  }
}
