// SPDX-License-Identifier: Apache-2.0
internal import Harness

/// The same work every time, for counting what it costs: messages of 1 KiB from many apps, kept, or sent on to an upstream that takes
/// everything.
struct Bench {
  let rig: Rig
  let daemon: Daemon
  private let sink: ChildProcess?
  private let tally: String

  /// What becomes of the mail.
  enum Way: Sendable { case keptHere, sentOn }

  /// A daemon that is configured and not started.
  init(_ rig: Rig, _ way: Way) throws {
    self.rig = rig
    tally = rig.directory.freshName("tally")
    var port = try LoopbackListener.freePort()
    if way == .sentOn {
      let sink = try rig.start(try Environment.program("bench-peer"), ["sink", "127.0.0.1:0", "--counter", tally], name: "sink")
      port = try Deadline.usual.first("a port of the sink") {
        sink.output.split(separator: "\n").first.flatMap { UInt16($0.dropFirst("port ".count)) }
      }
      self.sink = sink
    } else {
      sink = nil
    }
    daemon = try rig.preparedDaemon { settings in
      settings.useUpstream(port: port)
      settings["Upstream.Connections"] = "20"
      settings["Upstream.MessagesPerConnection"] = "100000"
      settings["Listen.MaxTransactions"] = "1000000"
      settings["Spool.SegmentSize"] = "16M"
      settings["Log.Level"] = "info"
      settings["Retry.First"] = "60s"
      settings["Retry.Max"] = "3600s"
    }
  }

  /// Hands in so many messages, and waits until all are where they belong.
  func work(messages: Int, mode: String) throws {
    let load = try rig.run(
      try Environment.program("bench-peer"),
      ["load", "127.0.0.1:\(try daemon.port)", "--sessions", "50", "--messages", "\(messages)", "--mode", mode], .in(.seconds(300)))
    guard load.end == .exited(0) else { throw HarnessFailure("the load failed: \(load.errors)") }
    guard sink != nil else { return }
    try Deadline.in(.seconds(300)).wait(until: "\(messages) messages had arrived") {
      let bytes = (try? Files.bytes(at: tally)) ?? []
      return bytes.count >= 8 && (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) } >= messages
    }
  }
}
