// SPDX-License-Identifier: Apache-2.0
package import EventLoop
internal import LinuxSystem
internal import Mail
internal import Octets

/// Reads a large body piece by piece.
///
/// Whether the body is whole is known only at its end: ``next()`` answers nil only when the checksum fits, and throws otherwise.
/// Whoever sends the pieces on must then cut the connection before the message is complete.
@Loop package final class BodyReader {
  private let spool: Spool
  private let id: MessageID
  private let body: BodyFile
  private var file: (any DiskFile)?
  private var offset = 0
  private var checksum = CRC32C()

  init(_ spool: Spool, _ id: MessageID, _ body: BodyFile) {
    self.spool = spool
    self.id = id
    self.body = body
  }

  /// The next piece; nil after the last one.
  package func next() async throws(SpoolFailure) -> [UInt8]? {
    if offset == body.size {
      guard checksum.value == body.checksum else { throw .damaged("the body of message \(id) is damaged: its checksum does not fit") }
      return nil
    }
    let (disk, path, known, start) = (spool.disk, SpoolFormat.bodiesDirectory + "/\(id)", file, offset)
    let wanted = min(BodyReader.pieceLength, body.size - offset)
    let result = await spool.workers.perform(spool.loop) { BodyReader.piece(disk, path, known, wanted, at: start) }
    let (opened, bytes) = try result.get()
    guard !bytes.isEmpty else { throw .damaged("the body of message \(id) is damaged: it is cut off") }
    file = opened
    offset += bytes.count
    checksum.add(bytes.span)
    return bytes
  }

  private static let pieceLength = 131_072

  nonisolated private static func piece(
    _ disk: any Disk, _ path: String, _ known: (any DiskFile)?, _ count: Int, at offset: Int
  ) -> Result<(any DiskFile, [UInt8]), SpoolFailure> {
    do throws(SystemFailure) {
      let file = if let known { known } else { try disk.open(path, .read) }
      return .success((file, try file.read(count, at: Int64(offset))))
    } catch { return .failure(.system(error)) }
  }
}
