// SPDX-License-Identifier: Apache-2.0
package import EventLoop
internal import LinuxSystem
package import Mail
internal import Octets
internal import Timekeeping

/// Takes in a message's body while it arrives: small ones stay in memory, large ones go to a file as they come.
///
/// The memory of one body is bounded by ``mostInMemory`` and a read's length, that of all bodies together by
/// ``SpoolLimits/intakeMemory``, beyond which bodies go to their files early. The file is whole and on stable storage, name and all, when
/// ``finish()`` returns; one that is not finished is removed by ``discard()``, or by the next start.
@Loop package final class BodyIntake {
  private let spool: Spool
  private let id: MessageID
  private var buffer: [UInt8] = []
  private var file: (any DiskFile)?
  private var written = 0
  private var checksum = CRC32C()
  /// The longest body that goes into the journal; a longer one goes to a file.
  package let mostInMemory: Int
  private var isForFile = false
  private var isOver = false

  init(_ spool: Spool, _ id: MessageID, _ envelope: Envelope?) {
    mostInMemory = spool.limits.inlineLimit(beside: envelope)
    self.spool = spool
    self.id = id
  }

  /// How many bytes came in.
  package var size: Int { written + buffer.count }

  /// Whether ``drain()`` must be awaited before more is added.
  package var needsDrain: Bool {
    let limit = isForFile ? BodyIntake.pieceLength : mostInMemory
    if buffer.count > limit { return true }
    return spool.intakeBytes > spool.limits.intakeMemory.bytes && buffer.count >= BodyIntake.smallPiece
  }

  /// How many bytes of it are in memory.
  package var bytesInMemory: Int { buffer.count }

  /// Adds bytes behind those that came before.
  package func append(_ bytes: Span<UInt8>) {
    take(about: bytes.count) { $0.append(bytes) }
  }

  /// Has `source` add at most `count` bytes behind those that came before, or take away all of them.
  package func take<Answer>(about count: Int, from source: (inout [UInt8]) -> Answer) -> Answer {
    precondition(!isOver, "a body ends once")
    let before = buffer.count
    makeRoom(count)
    defer { spool.intakeBytes += buffer.count - before }
    return source(&buffer)
  }

  /// Has memory ready for a body of `size` bytes: what grows in steps is copied at each.
  package func expect(_ size: Int) { buffer.reserveCapacity(min(size, mostInMemory) + BodyIntake.slack) }

  /// Has the body written to a file from now on, piece by piece.
  package func goToFile() { isForFile = true }

  /// Writes what is in memory to the body's file; after a failure the message is to be refused.
  package func drain() async throws(SpoolRefusal) {
    try await write(.more)
  }

  /// Ends the body; a large one is on stable storage now. To be called once.
  package func finish() async throws(SpoolRefusal) -> LetterBody {
    guard file != nil || buffer.count > mostInMemory else {
      release()
      // Who waits for the upstream shall not hold twice what it needs.
      return .memory(buffer.capacity > 2 * buffer.count + BodyIntake.slack ? Array(buffer[...]) : buffer)
    }
    try await write(.last)
    release()
    return .file(BodyFile(size: written, checksum: checksum.value))
  }

  /// Gives the body up, before or after its end, when the message is not accepted.
  package func discard() {
    if !isOver { release() }
    if file != nil { removeFile() }
  }

  private enum Part: Sendable {
    case more
    case last
  }

  private var path: String { SpoolFormat.bodiesDirectory + "/\(id)" }

  /// Grows by large steps, whose last one is all that may come before the body goes to a file. Pages that nothing was written to cost
  /// nothing.
  private func makeRoom(_ count: Int) {
    let needed = buffer.count + count
    guard needed > buffer.capacity, needed > BodyIntake.slack else { return }
    let most = (isForFile ? BodyIntake.pieceLength : mostInMemory) + BodyIntake.slack
    let step = 4 * buffer.count
    buffer.reserveCapacity(max(needed, step > most / 2 ? most : step))
  }

  private func release() {
    isOver = true
    spool.intakeBytes -= buffer.count
  }

  /// What cannot be removed belongs to no message, and the next start removes it.
  private func removeFile() {
    file = nil
    let (disk, path) = (spool.disk, path)
    spool.workers.run({ _ = Chore.remove([path]).execute(disk) }, finished: { _ in })
  }

  private func write(_ part: Part) async throws(SpoolRefusal) {
    let (disk, path, known, start, sum) = (spool.disk, path, file, written, checksum)
    let bytes = buffer
    buffer = []
    spool.intakeBytes -= bytes.count
    let result = await spool.workers.perform(spool.loop) { BodyIntake.store(disk, path, known, bytes, at: start, sum, part) }
    switch result {
    case .success(let (opened, newSum)):
      file = opened
      isForFile = true
      checksum = newSum
      written += bytes.count
      if part == .last { spool.bodyTrouble = nil }
    case .failure(let failure):
      removeFile()
      spool.bodyTrouble = (failure, spool.loop.moment + BodyIntake.troubleMemory)
      spool.announce()
      throw .failing(SpoolProblem.body(failure).words)
    }
  }

  nonisolated private static func store(
    _ disk: any Disk, _ path: String, _ known: (any DiskFile)?, _ bytes: [UInt8], at offset: Int, _ sum: CRC32C, _ part: Part
  ) -> Result<(any DiskFile, CRC32C), SystemFailure> {
    do throws(SystemFailure) {
      let file = if let known { known } else { try disk.open(path, .create) }
      try file.write([bytes], at: Int64(offset))
      if part == .last {
        try file.sync()
        try disk.syncDirectory(SpoolFormat.bodiesDirectory)
      }
      var sum = sum
      sum.add(bytes.span)
      return .success((file, sum))
    } catch { return .failure(error) }
  }

  /// How long a failure is told when no large body comes that could show it to be over.
  private static let troubleMemory = Duration.seconds(60)
  /// How much is written at a time once there is a file.
  private static let pieceLength = 262_144
  /// A read's length.
  private static let slack = 65_536
  /// The smallest piece worth a write when memory is short.
  private static let smallPiece = 16_384
}

extension Spool {
  /// Begins to take in the body of the message with this number.
  package func beginBody(of id: MessageID, for envelope: Envelope? = nil) -> BodyIntake { BodyIntake(self, id, envelope) }
}
