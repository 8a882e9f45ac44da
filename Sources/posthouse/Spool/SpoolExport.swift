// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Mail
internal import Octets
internal import Spool
internal import Varlink

/// `posthouse spool export DIR`: every message of a spool as a pair of files that mail programs and people can read.
///
/// `ID.json` is written last and by renaming, so that where it is, the message is complete. What is there already is left as it is, so
/// that an export that was cut off can be repeated. A message that is damaged is told and left out; all others are saved.
struct SpoolExport {
  private let source: SpoolCommand.Source
  private let directory: String
  private let disk: LinuxDisk
  private let wantsJSON: Bool

  /// Prepares a directory, which is made when it is not there.
  init(_ source: SpoolCommand.Source, to directory: String, wantsJSON: Bool) throws(CommandFailure) {
    self.source = source
    self.directory = directory
    self.wantsJSON = wantsJSON
    do throws(SystemFailure) {
      disk = try LinuxDisk.makingDirectory(at: directory)
    } catch { throw CommandFailure(error, remedy: "name a directory that can be made") }
  }

  func run() throws(CommandFailure) -> ExitCode {
    var ids: [MessageID] = []
    source.spool.forEachEntry { entry in
      ids.append(entry.id)
      return true
    }
    var saved = 0
    var failures = source.spool.findings.damages
    do throws(SystemFailure) {
      let present = Set(try disk.names(in: ""))
      for id in ids where !present.contains("\(id).json") {
        do throws(ExportFailure) {
          try save(id, over: present)
          saved += 1
        } catch {
          switch error {
          case .spool(let failure): failures.append("message \(id) is not saved: \(failure)")
          case .target(let failure): throw failure
          }
        }
      }
      try disk.syncDirectory("")
    } catch { throw CommandFailure(error, remedy: "free some space or name another directory") }
    let kept = ids.count - saved - (failures.count - source.spool.findings.damages.count)
    if wantsJSON {
      let json = JSONObject([
        "directory": .string(directory), "exported": .count(saved), "alreadyThere": .count(kept),
        "failures": .array(failures.map { .string($0) }),
      ])
      Output.show(JSON.object(json).pretty)
    } else {
      let rest = kept > 0 ? "; \(kept) were there already" : ""
      Output.show("\(HumanText.count(saved, "message")) saved in \"\(directory.shown)\"\(rest)")
    }
    return SpoolCommand.complain(failures)
  }

  /// Why one message could not be saved.
  private enum ExportFailure: Error {
    case spool(SpoolFailure)
    case target(SystemFailure)
  }

  private func save(_ id: MessageID, over present: Set<String>) throws(ExportFailure) {
    let letter: StoredLetter
    do throws(SpoolFailure) { letter = try source.spool.letter(id) } catch { throw .spool(error) }
    let saved = SavedMessage(letter)
    switch letter.body {
    case .memory(let bytes): try write(saved.textFile, over: present) { (put: ([UInt8]) -> Void) throws(SpoolFailure) in put(bytes) }
    case .file(let file):
      try write(saved.textFile, over: present) { (put: ([UInt8]) -> Void) throws(SpoolFailure) in
        try source.spool.read(body: file, of: id, put)
      }
    }
    let json = Array(JSON.object(saved.json).pretty.utf8) + [0x0a]
    try write("\(id).json", over: present) { (put: ([UInt8]) -> Void) throws(SpoolFailure) in put(json) }
  }

  /// Writes a file piece by piece under another name and gives it its own when it is on stable storage.
  private func write(
    _ name: String, over present: Set<String>, _ pieces: (_ put: ([UInt8]) -> Void) throws(SpoolFailure) -> Void
  ) throws(ExportFailure) {
    let partial = "\(name).partial"
    let file = try target { () throws(SystemFailure) in
      if present.contains(partial) { try disk.remove(partial) }
      return try disk.open(partial, .create)
    }
    var outcome = Result<Int64, SystemFailure>.success(0)
    do throws(SpoolFailure) {
      try pieces { bytes in
        guard case .success(let offset) = outcome else { return }
        do throws(SystemFailure) {
          try file.write([bytes], at: offset)
          outcome = .success(offset + Int64(bytes.count))
        } catch { outcome = .failure(error) }
      }
    } catch {
      try target { () throws(SystemFailure) in try disk.remove(partial) }
      throw .spool(error)
    }
    try target { () throws(SystemFailure) in
      _ = try outcome.get()
      try file.sync()
      try disk.rename(partial, to: name)
    }
  }

  private func target<Answer>(_ body: () throws(SystemFailure) -> Answer) throws(ExportFailure) -> Answer {
    do throws(SystemFailure) { return try body() } catch { throw .target(error) }
  }
}
