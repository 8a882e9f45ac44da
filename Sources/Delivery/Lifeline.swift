// SPDX-License-Identifier: Apache-2.0
import EventLoop

/// What is waited on while one conversation is opened and held, so that whoever ends the house can end every wait at once.
///
/// Streams are tied to it before the first wait on them; one that is tied after the cut is cancelled at once.
@Loop final class Lifeline {
  /// Whether nothing may be waited for any more.
  private(set) var isCut = false
  private var streams: [ObjectIdentifier: any ByteStream] = [:]

  /// A line that holds nothing yet.
  init() {}

  /// Ties a stream to it.
  func tie(_ stream: any ByteStream) {
    streams[ObjectIdentifier(stream)] = stream
    if isCut { stream.cancel() }
  }

  /// Forgets a stream that was given up.
  func untie(_ stream: any ByteStream) { streams[ObjectIdentifier(stream)] = nil }

  /// Ends every wait, now and from now on.
  func cut() {
    isCut = true
    for stream in streams.values { stream.cancel() }
  }
}
