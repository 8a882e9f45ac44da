// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Mail
import Timekeeping

/// Where one connection gets its messages and hands in what became of them.
///
/// Every message that is taken here comes back exactly once: finished, or given back untried.
@Loop final class LinkDesk {
  private let dispatcher: Dispatcher
  private let upstream: Upstream
  private let loop: EventLoop
  private let patience: Duration
  private let berth: Berth
  private var first: Dispatcher.Assignment?
  private var isOver = false
  /// Whether the connection waits for work.
  private(set) var isIdle = false
  /// Whether the connection was woken and has not asked for work yet.
  private(set) var isWoken = false

  /// A desk of one upstream whose first message was already taken; an idle connection is kept for `patience`.
  init(
    _ dispatcher: Dispatcher, _ upstream: Upstream, _ loop: EventLoop, first: Dispatcher.Assignment, patience: Duration
  ) {
    self.dispatcher = dispatcher
    self.upstream = upstream
    self.loop = loop
    self.first = first
    self.patience = patience
    berth = Berth(loop)
  }

  /// The next message; waits for one as long as an idle connection is kept. Nil ends the connection.
  func next() async -> Consignment? {
    let deadline = loop.moment + patience
    while true {
      if let consignment = await nextAtOnce() { return consignment }
      if isOver { return nil }
      isIdle = true
      _ = await berth.wait(until: deadline)
      // Whoever took the mark away counts on this connection, even if its time was up in the same moment.
      if isIdle, loop.moment >= deadline { return nil }
      isIdle = false
    }
  }

  /// The next message, if one is due now.
  private func nextAtOnce() async -> Consignment? {
    while let assignment = assignment() {
      if let consignment = fresh(assignment) { return consignment }
      if let consignment = await fetch(assignment) { return consignment }
    }
    return nil
  }

  /// Takes the next message that is due, if there is one.
  func assignment() -> Dispatcher.Assignment? {
    isWoken = false
    guard !isOver else { return nil }
    defer { first = nil }
    return first ?? dispatcher.assign(to: upstream)
  }

  /// The letter of a message that was taken, if it is still in memory.
  func fresh(_ assignment: Dispatcher.Assignment) -> Consignment? { dispatcher.consignFresh(assignment, to: upstream) }

  /// The letter of a message that was taken, read back; nil when it cannot be had now.
  func fetch(_ assignment: Dispatcher.Assignment) async -> Consignment? { await dispatcher.consign(assignment, to: upstream) }

  /// Writes down what an attempt came to.
  func finish(_ consignment: Consignment, _ report: TransactionReport) { dispatcher.finish(consignment, report, over: upstream) }

  /// Takes back a message that was not tried because the upstream is in trouble.
  func fail(_ consignment: Consignment, _ setback: Setback) {
    dispatcher.giveBack(consignment, from: upstream)
    dispatcher.suffered(setback, from: upstream)
  }

  /// The connection is ready for mail.
  func opened() { dispatcher.linkOpened(to: upstream) }

  /// No connection came about.
  func failed(_ setback: Setback) {
    guard let first else { return }
    self.first = nil
    dispatcher.giveBack(first, from: upstream)
    dispatcher.suffered(setback, from: upstream)
  }

  /// The connection has ended.
  func ended() { dispatcher.linkClosed() }

  /// Whether the settings have changed since the connection was begun.
  var isClosed: Bool { isOver }

  /// Takes back a message that was not tried.
  func giveBack(_ consignment: Consignment) { dispatcher.giveBack(consignment, from: upstream) }

  /// Takes back a message whose letter was not fetched.
  func giveBack(_ assignment: Dispatcher.Assignment) { dispatcher.giveBack(assignment, from: upstream) }

  /// Wakes the connection, because there is work or because it shall end; false when it is not idle.
  func wake() -> Bool {
    guard isIdle else { return false }
    // Marked at once: the next piece of work must find another connection.
    isIdle = false
    isWoken = true
    berth.wake()
    return true
  }

  /// Gives out no more messages; the connection ends after those it has.
  func close() {
    isOver = true
    _ = wake()
    if let first { dispatcher.giveBack(first, from: upstream) }
    first = nil
  }
}
