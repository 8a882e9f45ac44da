// SPDX-License-Identifier: Apache-2.0
/// What the daemon says about its spool.
package struct SpoolStatus: Hashable, Sendable {
  /// Where it is.
  package var directory: String
  /// Messages that wait for their first attempt.
  package var queued: Int
  /// Messages that are being transmitted.
  package var active: Int
  /// Messages that wait for another attempt.
  package var deferred: Int
  /// Messages that wait for an operator.
  package var held: Int
  /// Messages that will not be tried again by themselves.
  package var failed: Int
  /// When the oldest of those came in; nil when there is none.
  package var oldestFailedUSec: Int64?
  /// How much all of them take up.
  package var bytes: Int64
  /// What is wrong and what to do, in one sentence.
  package var problem: String?

  /// A spool with nothing in it.
  package init(directory: String) {
    self.directory = directory
    queued = 0
    active = 0
    deferred = 0
    held = 0
    failed = 0
    bytes = 0
  }

  /// All messages.
  package var messages: Int { queued + active + deferred + held + failed }
}

extension SpoolStatus {
  /// The spool as JSON.
  package var json: JSONObject {
    var json = JSONObject([
      "directory": .string(directory), "messages": .count(messages), "queued": .count(queued), "active": .count(active),
      "deferred": .count(deferred), "held": .count(held), "failed": .count(failed), "bytes": .integer(bytes),
    ])
    json.add("oldestFailedUSec", oldestFailedUSec.map { .integer($0) })
    json.add("problem", problem.map { .string($0) })
    return json
  }

  /// The spool that JSON shows.
  package init(_ json: JSONObject) throws(VarlinkError) {
    directory = try json.string("directory")
    queued = Int(try json.integer("queued"))
    active = Int(try json.integer("active"))
    deferred = Int(try json.integer("deferred"))
    held = Int(try json.integer("held"))
    failed = Int(try json.integer("failed"))
    bytes = try json.integer("bytes")
    oldestFailedUSec = try json.optionalInteger("oldestFailedUSec")
    problem = try json.optionalString("problem")
  }
}
