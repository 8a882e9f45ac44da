// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Octets
import SMTP
import Settings
import Spool
import Timekeeping

/// The way of a body onto the wire, in portions that bound our memory.
extension UpstreamSession {
  /// Sends a body as lines, its dots stuffed, with the dot that ends it.
  @Loop mutating func send(_ consignment: Consignment) async throws(Setback) {
    var encoder = BodyEncoder()
    do throws(Setback) {
      try await sendLines(consignment, &encoder)
    } catch {
      // An upstream that refuses in the middle of a body says why before it hangs up.
      if let reply = dialogue.earlyReply(), reply.code >= 400 { throw dialogue.setback(.endOfData, reply) }
      throw error
    }
    // What is here before the final dot has left cannot be the reply to it.
    if !dialogue.wire.input.isEmpty, let reply = dialogue.earlyReply() {
      throw reply.code >= 400 ? dialogue.setback(.endOfData, reply) : Setback(.endOfData, .unexpectedReply(reply))
    }
    do throws(BodyFault) {
      try encoder.finish(into: &dialogue.wire.output)
    } catch {
      throw Setback(.endOfData, .connectionLost("the message has a flaw that must not leave: \(error)"))
    }
  }

  @Loop private mutating func sendLines(_ consignment: Consignment, _ encoder: inout BodyEncoder) async throws(Setback) {
    var content = consignment.content()
    while let piece = try await next(of: &content) {
      var start = 0
      while start < piece.count {
        let end = min(start + BodyTransfer.portion, piece.count)
        do throws(BodyFault) {
          try encoder.encode(piece.span.extracting(start..<end), into: &dialogue.wire.output)
        } catch {
          throw Setback(.endOfData, .connectionLost("the message has a flaw that must not leave: \(error)"))
        }
        start = end
        try await flushWhenLarge()
      }
    }
  }

  /// Sends what waits, once it is worth a write of its own.
  @Loop mutating func flushWhenLarge() async throws(Setback) {
    guard dialogue.wire.output.count >= BodyTransfer.portion else { return }
    try await dialogue.flush(at: .endOfData, within: settings.dataTimeout)
  }

  @Loop private mutating func next(of content: inout Consignment.Content) async throws(Setback) -> [UInt8]? {
    do throws(SpoolFailure) {
      return try await content.next()
    } catch {
      throw Setback(.endOfData, .connectionLost("the message cannot be read back: \(error)"))
    }
  }
}

private enum BodyTransfer {
  static let portion = 65_536
}
