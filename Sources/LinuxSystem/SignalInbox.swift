// SPDX-License-Identifier: Apache-2.0
internal import CLinux

/// Signals that arrive as bytes instead of interrupting somebody (signalfd).
package struct SignalInbox: ~Copyable {
  private let descriptor: Descriptor

  /// Blocks `signals` for the whole process (to be made before any thread is started) and collects them.
  package init(_ signals: [Int32]) throws(SystemFailure) {
    descriptor = try Descriptor.checked(unsafe clinux_signalfd(signals, signals.count), "create", "signalfd")
    clinux_ignore_broken_pipes()
  }

  /// The kernel's number for it, for the poller only.
  package var number: Int32 { descriptor.number }

  /// The next signal that arrived, or nil.
  package func next() -> Int32? {
    let signal = clinux_read_signal(descriptor.number)
    return signal > 0 ? signal : nil
  }
}
