// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import ServiceManager
package import Settings
package import Telemetry

/// Where every fact arrives: it is counted, and written down when it is worth it.
///
/// Lines of daily work are collected and leave together when the loop's turn ends; what a person should know leaves at once.
@Loop package final class EventLog {
  /// The numbers so far.
  package private(set) var counters = Counters()
  private let loop: EventLoop
  private let sink: LogSink
  private var level: Severity
  private var lines: [UInt8] = []

  /// A log into `sink` that leaves out what is finer than `level`.
  package init(_ loop: EventLoop, _ sink: LogSink, _ level: LogLevel) {
    self.loop = loop
    self.sink = sink
    self.level = Severity(level)
  }

  /// What is written from now on.
  package func reload(_ level: LogLevel) { self.level = Severity(level) }

  /// Takes one fact.
  package func note(_ event: RelayEvent) {
    counters.note(event)
    let severity = event.severity
    guard severity.rawValue <= level.rawValue else { return }
    switch sink.form {
    case .records:
      let fields = [(name: "POSTHOUSE_EVENT", value: event.name)] + event.fields.map { (name: $0.journalName, value: $0.value) }
      sink.write(priority: Int32(severity.rawValue), event.text, fields: fields)
    case .lines:
      if lines.isEmpty { loop.beforeWaiting { self.flush() } }
      event.append(to: &lines)
      lines.append(UInt8(ascii: "\n"))
      if severity.rawValue <= Severity.notice.rawValue || lines.count >= EventLog.mostBytes { flush() }
    }
  }

  private func flush() {
    guard !lines.isEmpty else { return }
    sink.write(lines: lines.span)
    lines.removeAll(keepingCapacity: lines.capacity <= EventLog.mostBytes)
  }

  private static let mostBytes = 16_384
}

extension Severity {
  /// The severity that a level of the settings means.
  init(_ level: LogLevel) {
    switch level {
    case .error: self = .error
    case .warning: self = .warning
    case .notice: self = .notice
    case .info: self = .info
    case .debug: self = .debug
    }
  }
}
