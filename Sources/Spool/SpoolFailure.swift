// SPDX-License-Identifier: Apache-2.0
package import LinuxSystem

/// Why a spool could not be opened, or something in it not be done.
package enum SpoolFailure: Error, Hashable, Sendable {
  /// Another process has the spool open; its number where it left one.
  case inUse(by: Int?)
  /// A segment is of another version of the format.
  case foreignFormat(path: String, version: UInt16)
  /// The operating system refused something.
  case system(SystemFailure)
  /// There is no such message.
  case notFound
  /// What is stored of the message is damaged; the words say how.
  case damaged(String)
  /// The change could not be made durable; it stands in memory and is written as soon as the disk allows it.
  case notDurable(String)
  /// The spool is closed.
  case closed
}

extension SpoolFailure {
  /// Does something on the disk; its failure becomes one of the spool.
  static func system<Answer>(_ body: () throws(SystemFailure) -> Answer) throws(SpoolFailure) -> Answer {
    do throws(SystemFailure) { return try body() } catch { throw .system(error) }
  }
}

extension SpoolFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .inUse(let process?): "the spool is in use by process \(process); stop that daemon or give this one another Spool.Directory"
    case .inUse(nil): "the spool is in use by another process; stop it or give this one another Spool.Directory"
    case .foreignFormat(let path, let version):
      "\"\(path)\" is of format \(version), this program reads format \(SpoolFormat.version); "
        + "use the program that wrote it to empty the spool, or export it and import it here"
    case .system(let failure): "\(failure)"
    case .notFound: "there is no such message"
    case .damaged(let words): words
    case .notDurable(let words): words
    case .closed: "the spool is closed"
    }
  }
}

/// Why new mail was not taken; all of it is temporary (`452 4.3.1`), except a message that cannot fit at all.
package enum SpoolRefusal: Error, Hashable, Sendable {
  /// The disk is full, the reserve or the quota is reached; the words say which.
  case full(String)
  /// The disk fails; the words say how.
  case failing(String)
  /// The message can never be stored (`552 5.3.4`).
  case tooLarge(String)
  /// The spool is being closed.
  case closed

  /// What happened, why, and what to do, for log and status.
  package var words: String {
    switch self {
    case .full(let words), .failing(let words), .tooLarge(let words): words
    case .closed: "the spool is being closed"
    }
  }
}
