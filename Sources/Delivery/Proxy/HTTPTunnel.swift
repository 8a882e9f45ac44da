// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Octets
import Settings
import Timekeeping

/// CONNECT through an HTTP proxy (RFC 9110 §9.3.6), with Basic authentication (RFC 7617).
///
/// The head of the answer is read to its empty line and no further, because the upstream speaks first behind it.
@Loop struct HTTPTunnel {
  let user: String?
  let password: Secret?
  let deadline: Moment

  /// Asks for the way.
  func open(_ wire: inout Wire, to host: UpstreamHost, port: UInt16) async throws(ProxyTunnel.Refusal) {
    var target = "\(host):\(port)"
    if case .address(let address) = host, !address.isIPv4 { target = "[\(address)]:\(port)" }
    wire.output.append("CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n")
    if let user {
      var login = ByteQueue()
      login.append(user + ":")
      if let password { login.append(password.bytes) }
      wire.output.append("Proxy-Authorization: Basic ")
      Base64.encode(login.bytes, into: &wire.output)
      wire.output.append("\r\n")
    }
    wire.output.append("\r\n")
    // RFC 9110 §15.2: an interim answer may come before the one that counts.
    for _ in 0..<HTTPTunnel.mostAnswers {
      let (code, words) = try await answer(&wire)
      if (200..<300).contains(code) { return }
      if code >= 200 { throw refusal(code, words) }
    }
    throw .unwilling("does not come to an end with its answers")
  }

  /// The next answer, its head consumed.
  private func answer(_ wire: inout Wire) async throws(ProxyTunnel.Refusal) -> (code: Int, words: String) {
    var room = HTTPTunnel.longestHead
    let line = try await line(&wire, &room)
    let words = line.split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3, let code = Int(words[1]), (100...599).contains(code)
    else { throw .unwilling("does not speak HTTP: \"\(PrintableText(line, limit: 60))\"") }
    while try await !self.line(&wire, &room).isEmpty {}
    return (code, words.count > 2 ? PrintableText(String(words[2]), limit: 80).description : "")
  }

  private func line(_ wire: inout Wire, _ room: inout Int) async throws(ProxyTunnel.Refusal) -> String {
    let length: Int
    do throws(WireFailure) {
      length = try await wire.nextLine(limit: room, until: deadline)
    } catch {
      if error == .lineTooLong { throw .unwilling("answers with more than \(HTTPTunnel.longestHead) bytes before the way is open") }
      throw .broken(error)
    }
    room -= length
    var text = String(decoding: wire.input.bytes.extracting(first: length - 1).array, as: UTF8.self)
    wire.input.consume(length)
    if text.hasSuffix("\r") { text.removeLast() }
    return text
  }

  private func refusal(_ code: Int, _ words: String) -> ProxyTunnel.Refusal {
    let answer = words.isEmpty ? "\(code)" : "\(code) \(words)"
    switch code {
    case 407:
      let remedy = user == nil ? "wants a login; put user:password@ before its host" : "refused user and password"
      return .unwilling("\(remedy) (\(answer))")
    case 408, 429, 500...: return .unable("cannot reach the upstream (\(answer))")
    default: return .unwilling("does not allow this connection (\(answer))")
    }
  }

  private static let longestHead = 16_384
  private static let mostAnswers = 8
}
