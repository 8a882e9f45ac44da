// SPDX-License-Identifier: Apache-2.0
import Octets
import TLS

/// A client and a server with two queues between them in place of a network.
final class Conversation {
  let client: TLSSession
  let server: TLSSession
  var toServer = ByteQueue()
  var toClient = ByteQueue()

  init(client: TLSSession, server: TLSSession) {
    self.client = client
    self.server = server
  }

  /// A client that speaks to `host`, and a server, each with a context of its own.
  convenience init(_ client: TLSPolicy, _ server: TLSPolicy, host: String = "mail.example.com") throws {
    self.init(client: TLSSession(client: try TLSContext(client), to: host), server: TLSSession(server: try TLSContext(server)))
  }

  /// Lets both sides step until both are done or one is stuck, and answers what each came to.
  func shakeHands() -> (client: TLSProgress, server: TLSProgress) {
    var (ours, theirs) = (TLSProgress.wantsInput, TLSProgress.wantsInput)
    for _ in 0..<6 {
      ours = client.handshake(from: &toClient, to: &toServer)
      theirs = server.handshake(from: &toServer, to: &toClient)
    }
    return (ours, theirs)
  }

  /// Shakes hands, and counts the bytes that went either way.
  func costOfHandshake() -> (fromClient: Int, fromServer: Int) {
    var cost = (fromClient: 0, fromServer: 0)
    for _ in 0..<6 {
      let waiting = toServer.count
      _ = client.handshake(from: &toClient, to: &toServer)
      cost.fromClient += toServer.count - waiting
      let before = toClient.count
      _ = server.handshake(from: &toServer, to: &toClient)
      cost.fromServer += toClient.count - before
    }
    return cost
  }

  /// What the server can read now, everything that has come.
  func serverReads() -> (text: String, progress: TLSProgress) {
    var plaintext = ByteQueue()
    let progress = server.read(from: &toServer, into: &plaintext, to: &toClient)
    return (plaintext.text, progress)
  }

  /// What the client can read now.
  func clientReads() -> (text: String, progress: TLSProgress) {
    var plaintext = ByteQueue()
    let progress = client.read(from: &toClient, into: &plaintext, to: &toServer)
    return (plaintext.text, progress)
  }

  /// The client encrypts a text.
  func clientWrites(_ text: String) -> TLSProgress { client.write(text.utf8.span, to: &toServer) }

  /// The server encrypts a text.
  func serverWrites(_ text: String) -> TLSProgress { server.write(text.utf8.span, to: &toClient) }
}

extension ByteQueue {
  /// What waits, as text.
  var text: String { String(decoding: bytes.array, as: UTF8.self) }
}
