// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Glibc
import LinuxSystem
import Octets
import Timekeeping

/// A name server on the loop, on a loopback port of its own, over UDP and TCP, that answers as a test wants.
@Loop final class NameServer: PollTarget {
  let address: SocketAddress
  /// What came: the names with their types, in the order they came.
  private(set) var questions: [Question] = []
  private let driver: EpollDriver
  private let socket: Int32
  private let listener: any Listener
  private let script: (Question) -> [Reply]
  private var watch: EpollDriver.Watch?

  init(_ loop: EventLoop, _ driver: EpollDriver, _ script: @escaping (Question) -> [Reply]) throws {
    self.driver = driver
    self.script = script
    let network = LinuxNetwork(loop, driver)
    // The port that TCP got may be taken for UDP; another one will do then.
    var bound: (socket: Int32, listener: any Listener)?
    for _ in 0..<50 where bound == nil {
      let listener = try network.listen(on: .v4([127, 0, 0, 1], port: 0))
      if let socket = NameServer.bindDatagrams(port: listener.address.port ?? 0) {
        bound = (socket, listener)
      } else {
        listener.close()
      }
    }
    guard let bound else { throw SystemFailure(call: "bind", subject: "a port for UDP and TCP", number: EADDRINUSE) }
    (socket, listener) = bound
    address = listener.address
    watch = try driver.watch(socket, level: .readable, for: self)
    let server = self
    loop.spawn { await server.serveConnections(loop) }
  }

  /// The address as c-ares is told of it.
  var text: String { "\(address)" }

  func stop() {
    if let watch { driver.forget(watch) }
    watch = nil
    close(socket)
    listener.close()
  }

  func pollerReports(_ readiness: Readiness) {
    var buffer = [UInt8](repeating: 0, count: 1024)
    var sender = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    unsafe withUnsafeMutablePointer(to: &sender) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { form in
        let count = unsafe recvfrom(socket, &buffer, buffer.count, 0, form, &length)
        guard count > 12 else { return }
        let question = Question(Array(buffer[..<count]), isTCP: false)
        for message in replies(to: question) { _ = unsafe sendto(socket, message, message.count, 0, form, length) }
      }
    }
  }

  private func replies(to question: Question) -> [[UInt8]] {
    var question = question
    question.isFirst = !questions.contains { $0.name == question.name && $0.type == question.type }
    questions.append(question)
    return script(question).compactMap { $0.message(for: question) }
  }

  private func serveConnections(_ loop: EventLoop) async {
    while let stream = try? await listener.accept() {
      var wire = Wire(stream)
      let deadline = loop.moment + .seconds(5)
      while wire.input.count < 2 || wire.input.count < 2 + (Int(wire.input.bytes[0]) << 8 | Int(wire.input.bytes[1])) {
        guard (try? await wire.fill(until: deadline)) != nil else { break }
      }
      if wire.input.count > 14 {
        let question = Question(Array(wire.input.bytes.array.dropFirst(2)), isTCP: true)
        for message in replies(to: question) { wire.output.append([UInt8(message.count >> 8), UInt8(message.count & 255)] + message) }
        _ = try? await wire.flush(until: deadline)
        // The asker closes.
        _ = try? await wire.fill(until: deadline)
      }
      stream.close()
    }
  }

  private static func bindDatagrams(port: UInt16) -> Int32? {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    var form = sockaddr_in()
    form.sin_family = sa_family_t(AF_INET)
    form.sin_port = port.bigEndian
    form.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let bound = unsafe withUnsafePointer(to: form) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if bound == 0 { return socket }
    close(socket)
    return nil
  }
}

/// One question as it came.
struct Question {
  let message: [UInt8]
  let isTCP: Bool
  let name: String
  let type: Int
  /// Where the question ends in the message.
  let end: Int

  init(_ message: [UInt8], isTCP: Bool) {
    self.message = message
    self.isTCP = isTCP
    var labels: [String] = []
    var place = 12
    while place < message.count, message[place] > 0 {
      let next = place + 1 + Int(message[place])
      labels.append(String(decoding: message[(place + 1)..<min(next, message.count)], as: UTF8.self))
      place = next
    }
    name = labels.joined(separator: ".")
    end = place + 5
    type = place + 2 < message.count ? Int(message[place + 1]) << 8 | Int(message[place + 2]) : 0
  }

  /// Whether it is the first of its kind that came.
  var isFirst = true

  var isForIPv6: Bool { type == 28 }
}

/// One message the server sends.
enum Reply {
  /// The addresses (four or sixteen bytes each) of the name, for so many seconds.
  case addresses([[UInt8]], seconds: Int)
  /// One record of any kind.
  case record(type: Int, value: [UInt8])
  /// The name is another name's alias for so many seconds, whose address holds longer.
  case alias(address: [UInt8], seconds: Int)
  /// Nothing but a code: 0 no data, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED.
  case code(UInt8)
  /// Too long for a datagram.
  case truncated
  /// Another reply with the wrong number.
  indirect case misnumbered(Reply)
  /// These bytes behind the number.
  case raw([UInt8])

  func message(for question: Question) -> [UInt8]? {
    let number = Array(question.message[..<2])
    let asked = Array(question.message[12..<min(question.end, question.message.count)])
    func head(_ flags: UInt8, _ code: UInt8, answers: Int) -> [UInt8] {
      number + [flags, 0x80 | code, 0, 1, 0, UInt8(answers), 0, 0, 0, 0] + asked
    }
    func record(_ owner: [UInt8], _ type: Int, _ seconds: Int, _ value: [UInt8]) -> [UInt8] {
      owner + [0, UInt8(type), 0, 1, 0, 0, UInt8(seconds >> 8), UInt8(seconds & 255), 0, UInt8(value.count)] + value
    }
    switch self {
    case .addresses(let addresses, let seconds):
      return head(0x84, 0, answers: addresses.count)
        + addresses.flatMap { record([0xc0, 12], $0.count == 4 ? 1 : 28, seconds, $0) }
    case .record(let type, let value):
      return head(0x84, 0, answers: 1) + record([0xc0, 12], type, 60, value)
    case .alias(let address, let seconds):
      let target: [UInt8] = [4] + Array("real".utf8) + [0xc0, 12]
      return head(0x84, 0, answers: 2) + record([0xc0, 12], 5, seconds, target)
        + record(target, address.count == 4 ? 1 : 28, 9999, address)
    case .code(let code): return head(0x84, code, answers: 0)
    case .truncated: return head(0x86, 0, answers: 0)
    case .misnumbered(let reply):
      guard var message = reply.message(for: question) else { return nil }
      message[0] ^= 0xff
      return message
    case .raw(let bytes): return number + bytes
    }
  }
}
