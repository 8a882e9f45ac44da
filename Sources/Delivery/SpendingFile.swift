// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Scheduling
import Settings
import Timekeeping

/// What each upstream got in the last day, kept beside the spool so that a daily limit survives a restart.
///
/// A line for each upstream that has such a limit: its name, a space, and the spending as ``DailySpending`` writes it. Written at most
/// every ``interval`` and when the service stops, to a new name and then moved; after a crash so much of the counting may be missing. A
/// file that cannot be read or written costs nothing but the counting.
@Loop final class SpendingFile {
  private let loop: EventLoop
  private let disk: any Disk
  private let workers: any Workers
  private var written = ""
  private var isWriting = false
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

  /// Writes down what there is to remember, if it is time.
  func note(_ upstreams: [Upstream]) {
    guard loop.moment >= notBefore, upstreams.contains(where: { $0.settings.maxPerDay != nil }) else { return }
    notBefore = loop.moment + SpendingFile.interval
    keep(upstreams)
  }

  /// Writes down what there is to remember, if it changed.
  func keep(_ upstreams: [Upstream]) {
    let text = upstreams.filter { $0.settings.maxPerDay != nil }.map { "\($0.settings.name) \($0.spent)\n" }.joined()
    guard text != written, !isWriting else { return }
    isWriting = true
    workers.run { [disk] in
      SpendingFile.write(text, disk)
    } finished: { [self] _ in
      isWriting = false
      written = text
    }
  }

  /// Waits until what was to be remembered is written, for a moment.
  func finish() async {
    var rounds = 0
    while isWriting, rounds < 100 {
      _ = await loop.sleep(.milliseconds(10))
      rounds += 1
    }
  }

  private nonisolated static func write(_ text: String, _ disk: any Disk) -> Bool {
    do throws(SystemFailure) {
      if try disk.names(in: ".").contains("\(name).new") { try disk.remove("\(name).new") }
      let file = try disk.open("\(name).new", .create)
      try file.write([Array(text.utf8)], at: 0)
      try file.sync()
      try disk.rename("\(name).new", to: name)
      return true
    } catch {
      return false
    }
  }

  private nonisolated static let name = "spent"
  private static let longest: Int64 = 1_048_576
  private static let interval: Duration = .seconds(60)
}
