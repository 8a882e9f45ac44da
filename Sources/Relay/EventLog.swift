// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import ServiceManager
package import Settings
package import Telemetry

/// Where every fact arrives: it is counted, and written down when it is worth it.
@Loop package final class EventLog {
  /// The numbers so far.
  package private(set) var counters = Counters()
  private let sink: LogSink
  private var level: Severity

  /// A log into `sink` that leaves out what is finer than `level`.
  package init(_ sink: LogSink, _ level: LogLevel) {
    self.sink = sink
    self.level = Severity(level)
  }

  /// What is written from now on.
  package func reload(_ level: LogLevel) { self.level = Severity(level) }

  /// Takes one fact.
  package func note(_ event: RelayEvent) {
    counters.note(event)
    guard event.severity.rawValue <= level.rawValue else { return }
    let fields = [(name: "POSTHOUSE_EVENT", value: event.name)] + event.fields.map { (name: $0.journalName, value: $0.value) }
    sink.write(priority: Int32(event.severity.rawValue), event.text, fields: fields)
  }
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
