// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Scheduling
import Settings
import Timekeeping

/// What each upstream got in the last day, kept beside the spool so that a daily limit survives a restart.
///
/// A line for each upstream that has such a limit: its name, a space, and the spending as ``DailySpending`` writes it. A change is written
/// at once, or an ``interval`` after the last write, and when the service stops, to a new name and then moved; after a crash so much of
/// the counting may be missing. A write that failed is made again an interval later, whether anything more is sent or not. A file that
/// cannot be read or written costs nothing but the counting.
@Loop final class SpendingFile {
  /// Whose upstreams are counted.
  weak var dispatcher: Dispatcher?
  private let loop: EventLoop
  private let disk: any Disk
  private let workers: any Workers
  /// What is certainly in the file; nil when a write has failed, since nobody knows how far it came.
  private var kept: String? = ""
  private var isWriting = false
  private var alarm: Alarm?
  private var notBefore = Moment(nanoseconds: .min)

  init(_ loop: EventLoop, _ disk: any Disk, _ workers: any Workers) {
    self.loop = loop
    self.disk = disk
    self.workers = workers
  }

  /// What was written before the start, by the upstreams' names.
  func read() -> [String: DailySpending] {
    guard let file = try? disk.open(SpendingFile.name, .read), let size = try? file.size(), size < SpendingFile.longest,
      let bytes = try? file.read(Int(size), at: 0)
    else { return [:] }
    var spendings: [String: DailySpending] = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      guard let space = line.firstIndex(of: " "), let spending = DailySpending(String(line[line.index(after: space)...])) else { continue }
      spendings[String(line[..<space])] = spending
    }
    return spendings
  }

  /// Something was sent: it is written down when it is time.
  func note(_ upstreams: [Upstream]) {
    guard alarm == nil, !isWriting, upstreams.contains(where: { $0.settings.maxPerDay != nil }) else { return }
    plan()
  }

  /// Writes down what there is to remember at the end, and waits for it; not for long, since the disk may be stuck.
  func finish() async {
    let deadline = loop.moment + SpendingFile.patience
    var tries = 0
    while loop.moment < deadline {
      if !isWriting {
        guard tries < SpendingFile.mostTries, write() else { break }
        tries += 1
      }
      _ = await loop.sleep(.milliseconds(10))
    }
    alarm?.cancel()
  }

  private func plan() {
    guard loop.moment < notBefore else {
      write()
      return
    }
    alarm = loop.schedule(at: notBefore) { [self] in
      alarm = nil
      write()
    }
  }

  /// Begins to write what there is to remember; false when it is written already.
  @discardableResult private func write() -> Bool {
    let text = text
    guard text != kept, !isWriting else { return false }
    alarm?.cancel()
    alarm = nil
    isWriting = true
    notBefore = loop.moment + SpendingFile.interval
    workers.run { [disk] in
      SpendingFile.write(text, disk)
    } finished: { [self] isGood in
      isWriting = false
      kept = isGood ? text : nil
      if kept != self.text { plan() }
    }
    return true
  }

  private var text: String {
    let limited = dispatcher?.upstreams.filter { $0.settings.maxPerDay != nil } ?? []
    return limited.map { "\($0.settings.name) \($0.spent)\n" }.joined()
  }

  private nonisolated static func write(_ text: String, _ disk: any Disk) -> Bool {
    do throws(SystemFailure) {
      if try disk.names(in: "").contains("\(name).new") { try disk.remove("\(name).new") }
      let file = try disk.open("\(name).new", .create)
      try file.write([Array(text.utf8)], at: 0)
      try file.sync()
      try disk.rename("\(name).new", to: name)
      try disk.syncDirectory("")
      return true
    } catch {
      return false
    }
  }

  private nonisolated static let name = "spent"
  private static let longest: Int64 = 1_048_576
  private static let interval: Duration = .seconds(60)
  /// How long a stop waits for the file, and how often it tries.
  private static let patience: Duration = .seconds(1)
  private static let mostTries = 3
}
