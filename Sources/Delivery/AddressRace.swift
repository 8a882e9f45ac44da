// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Timekeeping

/// Connects to whichever of several addresses answers first (happy eyeballs, RFC 8305 §5).
///
/// An attempt that has not come to anything within a quarter of a second gets the next address beside it, one that has failed at once.
/// The first connection wins, the others are cancelled. Invariant: when ``run(_:)`` returns, no attempt is under way and the only
/// stream that is open is the winner's.
@Loop final class AddressRace {
  private let loop: EventLoop
  private let network: any Network
  private let lifeline: Lifeline
  private let deadline: Moment
  private let berth: Berth
  private var attempts: [Attempt] = []
  private var winner: (address: SocketAddress, stream: any ByteStream)?
  private var underway = 0
  private var nextStart: Moment
  private var isOver = false

  /// A race that must be decided before `deadline`.
  init(_ loop: EventLoop, _ network: any Network, _ lifeline: Lifeline, until deadline: Moment) {
    self.loop = loop
    self.network = network
    self.lifeline = lifeline
    self.deadline = deadline
    berth = Berth(loop)
    nextStart = loop.moment
  }

  /// An address to connect to, and one of our own to connect from.
  struct Lane {
    let address: SocketAddress
    let source: SocketAddress?
  }

  /// How a race ended.
  struct Result {
    /// The connection that came about, if one did.
    let winner: (address: SocketAddress, stream: any ByteStream)?
    /// The addresses that failed or were overtaken, in the order in which they were tried.
    let losers: [Loser]
  }

  /// An address that did not win.
  struct Loser {
    let address: SocketAddress
    /// What became of the attempt; nil when it was still under way at the end.
    let failure: WireFailure?
  }

  /// Runs the race over these lanes, in their order; to be called once.
  func run(_ lanes: [Lane]) async -> Result {
    var next = lanes.startIndex
    while winner == nil, !lifeline.isCut, loop.moment < deadline {
      if next < lanes.endIndex, loop.moment >= nextStart {
        start(lanes[next])
        next += 1
        continue
      }
      if underway == 0, next == lanes.endIndex { break }
      _ = await berth.wait(until: next < lanes.endIndex ? min(nextStart, deadline) : deadline)
    }
    isOver = true
    for attempt in attempts { attempt.stream?.cancel() }
    while underway > 0 { _ = await berth.wait() }
    let first = attempts.firstIndex(where: \.hasWon) ?? attempts.endIndex
    let losers = attempts.indices.filter { $0 < first || attempts[$0].failure != nil }
    return Result(winner: winner, losers: losers.map { Loser(address: attempts[$0].lane.address, failure: attempts[$0].failure) })
  }

  private func start(_ lane: Lane) {
    let attempt = Attempt(lane)
    attempts.append(attempt)
    underway += 1
    nextStart = loop.moment + AddressRace.delay
    loop.spawn { [self] in
      await connect(attempt)
      underway -= 1
      berth.wake()
    }
  }

  private func connect(_ attempt: Attempt) async {
    do throws(WireFailure) {
      let stream = try await network.connect(to: attempt.lane.address, from: attempt.lane.source, until: deadline) { [self] stream in
        attempt.stream = stream
        lifeline.tie(stream)
        if isOver { stream.cancel() }
      }
      if isOver || winner != nil {
        stream.close()
        lifeline.untie(stream)
      } else {
        winner = (attempt.lane.address, stream)
        attempt.hasWon = true
      }
    } catch {
      if let stream = attempt.stream { lifeline.untie(stream) }
      // Whoever was called off has not failed.
      if !isOver || error != .cancelled { attempt.failure = error }
      nextStart = loop.moment
    }
    attempt.stream = nil
  }

  private final class Attempt {
    let lane: Lane
    var stream: (any ByteStream)?
    var failure: WireFailure?
    var hasWon = false

    init(_ lane: Lane) { self.lane = lane }
  }

  /// How long an attempt is alone.
  static let delay: Duration = .milliseconds(250)
}
