// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Mail
internal import Timekeeping

/// The journal as the loop sees it: what is in the queue, what waits to be written, and what is to be done next.
///
/// It does no I/O: ``nextCommit(at:)`` gives a plan for the journal thread, ``finishCommit(_:at:)`` takes what came of it. One plan is under way
/// at a time; meanwhile the next batch collects. Invariants: records reach the file in the order they were given; an entry appears in
/// the index only when its record is durable; after a failed write nothing more is written to that segment, and what was in the
/// batch is refused (messages) or written again elsewhere (settlements).
struct Journal {
  private let limits: SpoolLimits
  /// The messages.
  private(set) var index: QueueIndex
  /// Who is settled of messages with several recipients.
  private(set) var verdicts: VerdictTable
  /// The segments in use.
  private(set) var ledger: SegmentLedger
  /// The segments not in use.
  var pool: SegmentPool
  private var tail: Tail?
  private var collecting: [Collection] = []
  private var relocations: [Relocation] = []
  private var settlements: SettlementQueue
  private var settlementsDue: Moment?
  private var assembled: Assembly?
  private var inFlight: (assembly: Assembly, plan: CommitPlan)?
  private var nextSequence: UInt32
  private var highestID: UInt64
  private var random: any RandomNumberGenerator
  private var chores: [Chore] = []
  /// Why the journal cannot be written, if it cannot, and when to try again.
  private(set) var problem: (failure: SystemFailure, retry: Moment)?

  /// How many messages are in each state.
  private(set) var counts = QueueCounts()

  /// A journal as recovery found it.
  init(_ recovered: RecoveredJournal, _ limits: SpoolLimits, random: any RandomNumberGenerator) {
    self.limits = limits
    self.random = random
    settlements = SettlementQueue(waveLimit: limits.waveLimit)
    index = recovered.queue.index
    verdicts = recovered.queue.verdicts
    ledger = recovered.ledger
    pool = SegmentPool(limits, spares: recovered.spares, nextSlot: recovered.nextSlot)
    nextSequence = recovered.nextSequence
    highestID = recovered.queue.highestID
    counts = QueueCounts(index)
    if let file = recovered.tail, let use = ledger.last {
      tail = Tail(file: file, identity: use.identity, end: use.end, summary: recovered.tailSummary)
    }
  }

  /// A number for a new message.
  mutating func nextID(at time: WallTime) -> MessageID {
    highestID = max(highestID + 1, UInt64(max(1, time.microseconds)))
    return MessageID(number: highestID)
  }

  // MARK: what comes in

  /// Takes a record of a message into the next batch; `ticket` is answered when it is durable or refused.
  mutating func accept(_ record: AcceptedRecord, ticket: Int) throws(SpoolRefusal) {
    if let problem { throw .failing(SpoolProblem.journal(problem.failure).words) }
    if !pool.hasSpare, let failure = pool.failure, tail == nil || isTailNearlyFull { throw .full(SpoolProblem.preparation(failure).words) }
    try add(record, Arrival(entry: QueueEntry(record), ticket: ticket, replaces: nil))
  }

  /// Takes fresh records of messages whose old ones are to go; what changed since they were read is left out when the batch is made.
  mutating func relocate(_ news: [Relocation]) { if problem == nil { relocations += news } }

  /// Changes the state of a message at once, and has the change written soon; `ticket` is answered when it is durable. False when there is no such message.
  @discardableResult mutating func settle(_ change: SettledRecord, ticket: Int?, at now: Moment) -> Bool {
    guard let place = index.find(change.id.number) else { return false }
    var change = change
    let entry = index[place]
    counts.move(from: entry.state, to: change.state)
    if let state = change.state {
      index[place].state = state
      index[place].attempts = change.attempts
      index[place].nextAttempt = change.nextAttempt
      let news = change.outcomes.map { RecipientVerdict(index: $0.index, verdict: $0.outcome.verdict) }
      if change.reopensFailed { verdicts.reopenFailed(change.id.number) }
      verdicts.add(news, to: change.id.number, recipients: Int(entry.recipients))
    } else {
      change.removesBody = entry.flags.contains(.bodyInFile)
      change.outcomes = []
      ledger.subtract(entry.accepted, units: entry.lengthUnits)
      index.remove(at: place)
      verdicts.remove(change.id.number)
    }
    settlements.append(change, ticket: ticket)
    if settlementsDue == nil { settlementsDue = now + limits.settlementDelay }
    return true
  }

  // MARK: what goes out

  /// When something is to be done though nothing comes in.
  var nextWake: Moment? {
    if inFlight != nil { return nil }
    let commit = problem?.retry ?? (assembled == nil ? settlementsDue : nil)
    return [commit, pool.nextWake].compactMap { $0 }.min()
  }

  /// Whether nothing waits to be written.
  var isIdle: Bool { inFlight == nil && assembled == nil && collecting.isEmpty && relocations.isEmpty && settlements.isEmpty }

  /// Whether there is time for cleaning: what was moved before is written.
  var isCalm: Bool { relocations.isEmpty && assembled == nil }

  /// Has what waits written at once.
  mutating func hurry(at now: Moment) { if !settlements.isEmpty { settlementsDue = now } }

  /// Whether a batch waits for a segment that is not ready.
  var isStarved: Bool { assembled != nil && inFlight == nil && problem == nil }

  /// The next plan for the journal thread, if there is something to write and nothing being written.
  mutating func nextCommit(at now: Moment) -> CommitPlan? {
    guard inFlight == nil else { return nil }
    if let problem, now < problem.retry { return nil }
    if assembled == nil {
      let isDue = settlementsDue.map { $0 <= now } ?? false
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
    inFlight = (assembly, plan)
    return plan
  }

  /// Refuses the messages that wait for a segment, because none can be made ready.
  mutating func giveUpWaiting(at now: Moment) -> [Answer] {
    guard isStarved, let failure = pool.failure else { return [] }
    settlementsDue = now + limits.probeInterval
    return refuseAll(.full(SpoolProblem.preparation(failure).words))
  }

  /// Takes what came of a plan; answers whose tickets are settled.
  mutating func finishCommit(_ result: Result<Void, SystemFailure>, at now: Moment) -> [Answer] {
    guard let (assembly, plan) = inFlight else { preconditionFailure("a commit that ends has begun") }
    inFlight = nil
    switch result {
    case .success:
      problem = nil
      return complete(assembly, plan)
    case .failure(let failure):
      tail = nil
      if plan.header != nil { pool.discard(plan.segment.slot) } else { ledger.suspectLast() }
      problem = (failure, now + limits.probeInterval)
      assembled = assembly
      return refuseAll(.failing(SpoolProblem.journal(failure).words))
    }
  }

  /// What workers shall do.
  mutating func takeChores(at now: Moment) -> [Chore] {
    if let preparation = pool.nextPreparation(at: now) { chores.append(.prepare(preparation)) }
    let surplus = pool.takeSurplus()
    if !surplus.isEmpty { chores.append(.remove(surplus.map(SpoolFormat.segmentPath))) }
    defer { chores = [] }
    return chores
  }

  /// Notes that the summary of a segment was written, or could not be.
  mutating func finishSummary(of sequence: UInt32) { ledger.setBusy(false, sequence) }

  // MARK: the parts

  /// The segment that is written to.
  private struct Tail {
    var file: SegmentFile
    var identity: SegmentIdentity
    var end: Int
    /// How many bytes its summary may take.
    var summary: Int
  }

  /// Messages of one batch.
  private struct Collection {
    var batch = JournalBatch()
    var arrivals: [Arrival] = []
  }

  private struct Arrival {
    var entry: QueueEntry
    var ticket: Int?
    /// Where the record stands that this one takes the place of.
    var replaces: RecordLocation?
  }

  /// A batch with everything that rides in it.
  private struct Assembly {
    var batch: JournalBatch
    var arrivals: [Arrival]
    var wave: SettlementQueue.Wave
    var trim: UInt32?
  }

  /// What somebody who waited is told.
  struct Answer {
    var ticket: Int
    var result: Result<Void, SpoolRefusal>
  }

  private var isTailNearlyFull: Bool { tail.map { $0.file.size - $0.end - $0.summary < limits.batchLimit } ?? true }

  private mutating func add(_ record: AcceptedRecord, _ arrival: Arrival) throws(SpoolRefusal) {
    var body: [UInt8] = []
    if case .memory(let bytes) = record.body { body = bytes }
    guard record.envelope.recipients.count <= SpoolLimits.recipients else {
      throw .tooLarge("a message has at most \(SpoolLimits.recipients) recipients here")
    }
    if collecting.isEmpty || collecting[collecting.count - 1].batch.length + body.count > limits.batchLimit {
      collecting.append(Collection())
    }
    let last = collecting.count - 1
    var arrival = arrival
    guard let length = collecting[last].batch.append(.accepted, body: body, limit: limits.recordLimit, meta: record.encodeMeta) else {
      throw .tooLarge("the envelope and the body together are longer than \(limits.recordLimit) bytes")
    }
    arrival.entry.lengthUnits = UInt32(length / SpoolFormat.alignment)
    collecting[last].arrivals.append(arrival)
  }

  private mutating func assemble() -> Assembly {
    let collection = collecting.isEmpty ? Collection() : collecting.removeFirst()
    var assembly = Assembly(batch: collection.batch, arrivals: collection.arrivals, wave: settlements.takeWave())
    if settlements.isEmpty { settlementsDue = nil }
    for relocation in relocations { add(relocation, to: &assembly) }
    relocations = []
    for place in assembly.wave.settlements.indices {
      let settlement = assembly.wave.settlements[place]
      if let entry = index.find(settlement.id.number).map({ index[$0] }), entry.settled != .none {
        assembly.wave.settlements[place].previous = entry.settled
      }
      assembly.batch.append(.settled, verdicts: settlement.outcomes.count, meta: assembly.wave.settlements[place].encodeMeta)
    }
    let oldest = ledger.oldestNeeded
    if oldest > ledger.segments.first?.sequence ?? oldest || assembly.batch.isEmpty {
      assembly.trim = oldest
      assembly.batch.append(.trimmed) { $0.put(UInt64(oldest)) }
    }
    return assembly
  }

  private mutating func add(_ relocation: Relocation, to assembly: inout Assembly) {
    guard let place = index.find(relocation.record.id.number), index[place].accepted == relocation.accepted,
      index[place].settled == relocation.settled
    else { return }
    var record = relocation.record
    // What waits in the settlement queue stands behind this record in the journal, with all that it changes.
    (record.state, record.attempts, record.nextAttempt) = (index[place].state, index[place].attempts, index[place].nextAttempt)
    var body: [UInt8] = []
    if case .memory(let bytes) = record.body { body = bytes }
    guard let length = assembly.batch.append(.accepted, body: body, verdicts: record.outcomes.count, meta: record.encodeMeta) else {
      return
    }
    var entry = QueueEntry(record)
    entry.lengthUnits = UInt32(length / SpoolFormat.alignment)
    assembly.arrivals.append(Arrival(entry: entry, ticket: nil, replaces: relocation.accepted))
  }

  /// Where a batch goes: behind the last one, or into an empty segment; nil when none is ready.
  private mutating func place(_ batch: JournalBatch) -> CommitPlan? {
    let summary = batch.factLength + SpoolFormat.recordHeaderLength + SpoolFormat.alignment
    if let tail, tail.end + batch.length + tail.summary + summary <= tail.file.size {
      return CommitPlan(segment: tail.file, identity: tail.identity, start: tail.end, batch: batch)
    }
    guard let spare = pool.take() else { return nil }
    precondition(SpoolFormat.recordsOffset + batch.length + summary <= spare.size, "a batch fits into an empty segment")
    let identity = SegmentIdentity(sequence: nextSequence, salt: random.next())
    nextSequence += 1
    let last = ledger.last
    let header = SegmentHeader(
      sequence: identity.sequence, salt: identity.salt, previousSequence: last?.sequence ?? 0, previousEnd: Int64(last?.end ?? 0),
      oldest: ledger.segments.first?.sequence ?? identity.sequence, size: Int64(spare.size), highestID: highestID)
    return CommitPlan(segment: spare, identity: identity, start: SpoolFormat.recordsOffset, header: header, batch: batch)
  }

  private mutating func complete(_ assembly: Assembly, _ plan: CommitPlan) -> [Answer] {
    let old = tail
    let end = plan.start + plan.batch.length
    let summary = (plan.header == nil ? old?.summary ?? 0 : 0) + plan.batch.factLength
    tail = Tail(file: plan.segment, identity: plan.identity, end: end, summary: summary)
    if plan.header != nil {
      ledger.append(.init(identity: plan.identity, slot: plan.segment.slot, size: plan.segment.size, end: end))
      if let old { leave(old) }
    }
    ledger.extendLast(to: end)
    let places = plan.batch.offsets(from: plan.start).map { RecordLocation(sequence: plan.identity.sequence, offset: $0) }
    for (arrival, place) in zip(assembly.arrivals, places) { enter(arrival, at: place) }
    var bodies: [String] = []
    for (settlement, place) in zip(assembly.wave.settlements, places.dropFirst(assembly.arrivals.count)) {
      if let found = index.find(settlement.id.number) { index[found].settled = place }
      if settlement.removesBody { bodies.append(SpoolFormat.bodiesDirectory + "/\(settlement.id)") }
    }
    if !bodies.isEmpty { chores.append(.remove(bodies)) }
    if let oldest = assembly.trim { for segment in ledger.removeSegments(before: oldest) { pool.recycle(segment) } }
    let tickets = assembly.arrivals.compactMap(\.ticket) + assembly.wave.tickets
    return tickets.map { Answer(ticket: $0, result: .success(())) }
  }

  private mutating func enter(_ arrival: Arrival, at location: RecordLocation) {
    var entry = arrival.entry
    entry.accepted = location
    guard let old = arrival.replaces else {
      counts.move(from: nil, to: entry.state)
      index.insert(entry)
      ledger.add(location, units: entry.lengthUnits)
      return
    }
    guard let place = index.find(entry.number), index[place].accepted == old else { return }
    ledger.subtract(old, units: index[place].lengthUnits)
    ledger.add(location, units: entry.lengthUnits)
    index[place].accepted = location
    index[place].lengthUnits = entry.lengthUnits
    index[place].settled = .none
  }

  /// Has the summary of the segment written that was just left, unless the segment goes soon.
  private mutating func leave(_ old: Tail) {
    guard ledger.oldestNeeded <= old.identity.sequence else { return }
    ledger.setBusy(true, old.identity.sequence)
    chores.append(.summarize(old.file, old.identity, end: old.end))
  }

  private mutating func refuseAll(_ refusal: SpoolRefusal) -> [Answer] {
    var tickets = collecting.flatMap { $0.arrivals.compactMap(\.ticket) }
    collecting = []
    relocations = []
    if let assembly = assembled {
      tickets = assembly.arrivals.compactMap(\.ticket) + settlements.putBack(assembly.wave) + tickets
      assembled = nil
    }
    return tickets.map { Answer(ticket: $0, result: .failure(refusal)) }
  }
}
