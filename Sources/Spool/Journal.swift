// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Mail
internal import Timekeeping

/// The journal as the loop sees it: what is in the queue, what waits to be written, and what is to be done next.
///
/// It does no I/O: ``nextCommit(at:)`` gives a plan for the journal thread, ``finishCommit(_:at:)`` takes what came of it. One plan is
/// under way at a time; meanwhile the next batch collects. Invariants: records reach the file in the order they were given; an entry
/// appears in the index only when its record is durable; after a failed write nothing more is written to that segment, and what was in
/// the batch is refused (messages) or written again elsewhere (settlements).
final class Journal {
  private let limits: SpoolLimits
  /// The queue as it stands.
  private(set) var book: QueueBook
  /// The segments not in use.
  var pool: SegmentPool
  private var tail: Tail?
  private var collecting: [BatchAssembly] = []
  private var relocations: [Relocation] = []
  private var settlements: SettlementQueue
  private var settlementsDue: Moment?
  private var assembled: BatchAssembly?
  private var inFlight: (assembly: BatchAssembly, plan: CommitPlan, begun: Moment)?
  private var gathering: (until: Moment, messages: Int)?
  private var nextSequence: UInt32
  private var highestID: UInt64
  private var random: any RandomNumberGenerator
  private var chores: [Chore] = []
  /// Why the journal cannot be written, if it cannot, and when to try again.
  private(set) var problem: (failure: SystemFailure, retry: Moment)?

  /// A journal as recovery found it.
  init(_ recovered: RecoveredJournal, _ limits: SpoolLimits, random: any RandomNumberGenerator) {
    self.limits = limits
    self.random = random
    settlements = SettlementQueue(waveLimit: limits.waveLimit)
    book = QueueBook(recovered)
    pool = SegmentPool(limits, spares: recovered.spares, nextSlot: recovered.nextSlot)
    nextSequence = recovered.nextSequence
    highestID = recovered.queue.highestID
    if let file = recovered.tail, let use = recovered.ledger.last {
      tail = Tail(file: file, identity: use.identity, end: use.end, summary: recovered.tailSummary)
    }
  }

  /// A number for a new message.
  func nextID(at time: WallTime) -> MessageID {
    highestID = max(highestID + 1, UInt64(max(1, time.microseconds)))
    return MessageID(number: highestID)
  }

  // MARK: what comes in

  /// Takes a record of a message into the next batch; `waiter` is answered when it is durable or refused.
  func accept(_ record: AcceptedRecord, waiter: Waiter) throws(SpoolRefusal) {
    if let problem { throw .failing(SpoolProblem.journal(problem.failure).words) }
    if !pool.hasSpare, let failure = pool.failure, tail == nil || isTailNearlyFull { throw .full(SpoolProblem.preparation(failure).words) }
    if collecting.isEmpty || collecting[collecting.count - 1].batch.length + record.body.size > limits.batchLimit {
      collecting.append(BatchAssembly())
    }
    try collecting[collecting.count - 1].add(record, waiter: waiter, limits)
  }

  /// Takes fresh records of messages whose old ones are to go; what changed since they were read is left out when the batch is made.
  func relocate(_ news: [Relocation]) { if problem == nil { relocations += news } }

  /// Changes the state of a message at once, and has the change written soon; `waiter` is answered when it is durable. False when there
  /// is no such message.
  @discardableResult func settle(_ change: SettledRecord, waiter: Waiter?, at now: Moment) -> Bool {
    guard let change = book.change(change) else { return false }
    settlements.append(change, waiter: waiter)
    if settlementsDue == nil { settlementsDue = now + limits.settlementDelay }
    return true
  }

  /// The changes of a message that are not known to be on stable storage, in their order.
  func pendingChanges(of id: MessageID) -> [SettledRecord] {
    let waves = [inFlight?.assembly.wave, assembled?.wave].compactMap { $0 }
    return waves.flatMap { $0.settlements.filter { $0.id == id } } + settlements.settlements(of: id)
  }

  // MARK: what goes out

  /// When something is to be done though nothing comes in.
  var nextWake: Moment? {
    if inFlight != nil { return nil }
    var next = pool.nextWake
    // While senders are waited for, what falls due waits with them: an alarm before the end of that would ring in vain, again and again.
    let commit = problem?.retry ?? (assembled == nil ? gathering?.until ?? settlementsDue : nil)
    if let commit { next = min(next ?? commit, commit) }
    return next
  }

  /// Whether nothing waits to be written.
  var isIdle: Bool { inFlight == nil && assembled == nil && collecting.isEmpty && relocations.isEmpty && settlements.isEmpty }

  /// Whether what just came in may be left alone: a batch is being written, and its end sees to everything, or others are waited for.
  func canWait(at now: Moment) -> Bool {
    if inFlight != nil { return true }
    return problem == nil && assembled == nil && !settlements.isAwaited && isGathering(at: now)
  }

  /// Whether messages that cleaning moves are still to be written.
  var isMoving: Bool { !relocations.isEmpty || assembled?.isMoving ?? false || inFlight?.assembly.isMoving ?? false }

  /// Whether there is time for cleaning: what was moved before is written.
  var isCalm: Bool { problem == nil && relocations.isEmpty && assembled == nil }

  /// Has what waits written at once.
  func hurry(at now: Moment) { if !settlements.isEmpty { settlementsDue = now } }

  /// The next plan for the journal thread, if there is something to write and nothing being written.
  func nextCommit(at now: Moment) -> CommitPlan? {
    guard inFlight == nil else { return nil }
    if let problem, now < problem.retry { return nil }
    if assembled == nil {
      let isDue = settlementsDue.map { $0 <= now } ?? false
      if isGathering(at: now) { return nil }
      gathering = nil
      guard problem != nil || !collecting.isEmpty || !relocations.isEmpty || settlements.isAwaited || settlements.isPlenty || isDue
      else { return nil }
      assembled = assemble()
    }
    guard let assembly = assembled else { return nil }
    guard let plan = place(assembly.batch) else {
      if let problem { self.problem = (problem.failure, now + limits.probeInterval) }
      return nil
    }
    assembled = nil
    inFlight = (assembly, plan, now)
    return plan
  }

  /// Refuses the messages that wait for a segment, if none can be made ready.
  func giveUpWaiting(at now: Moment) -> [Answer] {
    guard assembled != nil, inFlight == nil, let failure = problem?.failure ?? pool.failure else { return [] }
    settlementsDue = now + limits.probeInterval
    return refuseAll(.full(SpoolProblem.preparation(failure).words))
  }

  /// Takes what came of a plan; answers whose waiters are settled.
  func finishCommit(_ result: Result<Void, SystemFailure>, at now: Moment) -> [Answer] {
    guard let (assembly, plan, begun) = inFlight else { preconditionFailure("a commit that ends has begun") }
    inFlight = nil
    switch result {
    case .success:
      problem = nil
      gather(after: assembly, max(.zero, now - begun), at: now)
      defer { trimSoon(at: now) }
      return complete(assembly, plan)
    case .failure(let failure):
      tail = nil
      if plan.header != nil { pool.discard(plan.segment.slot) } else { book.ledger.suspectLast() }
      problem = (failure, now + limits.probeInterval)
      settlementsDue = now + limits.probeInterval
      assembled = assembly
      return refuseAll(.failing(SpoolProblem.journal(failure).words))
    }
  }

  /// What workers shall do.
  func takeChores(at now: Moment) -> [Chore] {
    if let preparation = pool.nextPreparation(at: now) { chores.append(.prepare(preparation)) }
    let surplus = pool.takeSurplus()
    if !surplus.isEmpty { chores.append(.remove(surplus.map(SpoolFormat.segmentPath))) }
    defer { chores = [] }
    return chores
  }

  /// Notes that the summary of a segment was written, or could not be.
  func finishSummary(of sequence: UInt32, at now: Moment) {
    book.ledger.setBusy(false, sequence)
    trimSoon(at: now)
  }

  // MARK: the parts

  /// The segment that is written to.
  private struct Tail {
    var file: SegmentFile
    var identity: SegmentIdentity
    var end: Int
    /// How many bytes its summary may take.
    var summary: Int
  }

  /// What somebody who waited is told.
  struct Answer {
    var waiter: Waiter
    var result: Result<Void, SpoolRefusal>
  }

  private var isTailNearlyFull: Bool { tail.map { $0.file.size - $0.end - $0.summary < limits.batchLimit } ?? true }

  private func assemble() -> BatchAssembly {
    // An assembly may be empty when its only message was too large.
    var assembly = collecting.isEmpty ? BatchAssembly() : collecting.removeFirst()
    for relocation in relocations {
      if let entry = book.entry(for: relocation) { assembly.add(relocation, present: entry, limits) }
    }
    relocations = []
    assembly.ride(settlements.takeWave(), previous: book.newestSettlement)
    if settlements.isEmpty { settlementsDue = nil }
    let oldest = book.ledger.oldestNeeded
    if oldest > book.ledger.segments.first?.sequence ?? oldest || assembly.batch.isEmpty { assembly.trim(to: oldest) }
    return assembly
  }

  /// Where a batch goes: behind the last one, or into an empty segment; nil when none is ready.
  private func place(_ batch: JournalBatch) -> CommitPlan? {
    let summary = batch.factLength + SpoolFormat.recordHeaderLength + SpoolFormat.alignment
    if let tail, tail.end + batch.length + tail.summary + summary <= tail.file.size {
      return CommitPlan(segment: tail.file, identity: tail.identity, start: tail.end, batch: batch)
    }
    guard let spare = pool.take() else { return nil }
    precondition(SpoolFormat.recordsOffset + batch.length + summary <= spare.size, "a batch fits into an empty segment")
    let identity = SegmentIdentity(sequence: nextSequence, salt: random.next())
    nextSequence += 1
    let last = book.ledger.last
    let header = SegmentHeader(
      sequence: identity.sequence, salt: identity.salt, previousSequence: last?.sequence ?? 0, previousEnd: Int64(last?.end ?? 0),
      oldest: book.ledger.segments.first?.sequence ?? identity.sequence, size: Int64(spare.size), highestID: highestID)
    return CommitPlan(segment: spare, identity: identity, start: SpoolFormat.recordsOffset, header: header, batch: batch)
  }

  /// Has segments given back that nobody needs any more, though nothing else may come to be written.
  private func trimSoon(at now: Moment) {
    guard settlementsDue == nil, let first = book.ledger.segments.first, book.ledger.oldestNeeded > first.sequence else { return }
    settlementsDue = now + limits.settlementDelay
  }

  /// Whether others are waited for. What takes long to write need not wait for company: the sync is the smaller part of it.
  private func isGathering(at now: Moment) -> Bool {
    guard let gathering, now < gathering.until, collectedMessages < gathering.messages else { return false }
    return collecting.first.map { $0.batch.length < limits.batchLimit / 8 } ?? true
  }

  private var collectedMessages: Int { collecting.reduce(0) { $0 + $1.arrivals.count } }

  /// Lets those who were just answered join those who wait already, for a small part of what a commit takes: otherwise the senders fall
  /// into two halves that take turns, and each sync serves only one of them.
  private func gather(after assembly: BatchAssembly, _ spent: Duration, at now: Moment) {
    let senders = collectedMessages + assembly.arrivals.count
    guard senders > 1, !assembly.arrivals.isEmpty else { return }
    gathering = (now + min(spent / 8, .milliseconds(1)), senders)
  }

  private func complete(_ assembly: BatchAssembly, _ plan: CommitPlan) -> [Answer] {
    pool.note(batch: plan.batch.length)
    let old = tail
    let end = plan.start + plan.batch.length
    let summary = (plan.header == nil ? old?.summary ?? 0 : 0) + plan.batch.factLength
    tail = Tail(file: plan.segment, identity: plan.identity, end: end, summary: summary)
    if plan.header != nil {
      book.ledger.append(.init(identity: plan.identity, slot: plan.segment.slot, size: plan.segment.size, end: end))
      if let old { leave(old) }
    }
    book.ledger.extendLast(to: end)
    let places = plan.batch.offsets(from: plan.start).map { RecordLocation(sequence: plan.identity.sequence, offset: $0) }
    for (arrival, place) in zip(assembly.arrivals, places) { book.enter(arrival, at: place) }
    var bodies: [String] = []
    for (settlement, place) in zip(assembly.wave.settlements, places.dropFirst(assembly.arrivals.count)) {
      book.note(settlement, at: place)
      if settlement.removesBody { bodies.append(SpoolFormat.bodiesDirectory + "/\(settlement.id)") }
    }
    if !bodies.isEmpty { chores.append(.remove(bodies)) }
    if let oldest = assembly.trim { for segment in book.ledger.removeSegments(before: oldest) { pool.recycle(segment) } }
    let waiters = assembly.waiters + assembly.wave.waiters
    return waiters.map { Answer(waiter: $0, result: .success(())) }
  }

  /// Has the summary of the segment written that was just left, unless the segment goes soon.
  private func leave(_ old: Tail) {
    guard book.ledger.oldestNeeded <= old.identity.sequence else { return }
    book.ledger.setBusy(true, old.identity.sequence)
    chores.append(.summarize(old.file, old.identity, end: old.end))
  }

  private func refuseAll(_ refusal: SpoolRefusal) -> [Answer] {
    var waiters = collecting.flatMap(\.waiters)
    collecting = []
    relocations = []
    if let assembly = assembled {
      waiters = assembly.waiters + settlements.putBack(assembly.wave) + waiters
      assembled = nil
    }
    waiters += settlements.takeWaiters()
    return waiters.map { Answer(waiter: $0, result: .failure(refusal)) }
  }
}
