// SPDX-License-Identifier: Apache-2.0
internal import CSystemd
internal import Glibc
package import LinuxSystem
package import Timekeeping

/// Tells the service manager how the daemon is (sd_notify); where there is none, every call does nothing.
///
/// Each call is one datagram on the socket that `NOTIFY_SOCKET` names. A failure is the caller's to log: no daemon should fall because
/// nobody listens to its state, nor wait for it. Where sd_notify(3) would wait for a manager that does not read, a sign of life or a
/// status is dropped at once, and a change of state after a second.
package struct ServiceNotifier: Sendable {
  /// Whether somebody has asked to be told.
  package let isSupervised: Bool
  /// How long the manager waits for a sign of life before it kills; nil when it does not wait for any. Half of it is a good rhythm.
  package let watchdogLimit: Duration?

  /// Reads the environment of the process.
  package init() {
    // The environment is not changed while threads run.
    isSupervised = unsafe getenv("NOTIFY_SOCKET") != nil
    var microseconds: UInt64 = 0
    let isWatched = unsafe sd_watchdog_enabled(0, &microseconds) > 0
    watchdogLimit = isWatched && microseconds < Int64.max / 1000 ? .microseconds(Int64(microseconds)) : nil
  }

  /// The daemon serves: recovered, listening.
  package func ready(_ status: String) throws(SystemFailure) {
    try send("READY=1\nSTATUS=\(ServiceNotifier.oneLine(status))", patience: 1000)
  }

  /// One line for `systemctl status`.
  package func status(_ text: String) throws(SystemFailure) {
    try send("STATUS=\(ServiceNotifier.oneLine(text))")
  }

  /// New settings are being read since `now`, on the kernel's monotonic clock; ``ready(_:)`` ends it.
  package func reloading(at now: Moment) throws(SystemFailure) {
    try send("RELOADING=1\nMONOTONIC_USEC=\(now.nanoseconds / 1000)", patience: 1000)
  }

  /// The daemon finishes what it has begun and ends.
  package func stopping(_ status: String) throws(SystemFailure) {
    try send("STOPPING=1\nSTATUS=\(ServiceNotifier.oneLine(status))", patience: 1000)
  }

  /// A sign of life, for the watchdog.
  package func alive() throws(SystemFailure) {
    try send("WATCHDOG=1")
  }

  /// Starting or stopping takes longer: the manager shall wait at least so long from now on, and be told again before that ends.
  package func extendTimeout(by wait: Duration, _ status: String) throws(SystemFailure) {
    try send("EXTEND_TIMEOUT_USEC=\(max(wait.microseconds, 1))\nSTATUS=\(ServiceNotifier.oneLine(status))")
  }

  /// Waits no longer than so many milliseconds for a manager that does not read.
  private func send(_ state: String, patience: Int32 = 0) throws(SystemFailure) {
    guard isSupervised else { return }
    let result = unsafe csystemd_notify(state, patience)
    if result < 0 { throw SystemFailure(call: "notify", subject: "the service manager", number: -result) }
  }

  /// A line break would begin another assignment, so text that came from elsewhere must not bring one.
  private static func oneLine(_ text: String) -> String {
    var line = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(longestStatus) {
      let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
      line.append(isControl ? " " : scalar)
    }
    return String(line)
  }

  private static let longestStatus = 1000
}
