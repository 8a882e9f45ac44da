// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Glibc
import LinuxSystem
import Resolver
import Testing
import Timekeeping

private let four: [UInt8] = [192, 0, 2, 1]
private let six: [UInt8] = [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [1]

@Suite struct CaresResolverTests {
  @Test func `both families are asked for, alternate in the answer, and the shortest life counts`() throws {
    let lookup = try Lookup.run { question in
      question.isForIPv6 ? [.addresses([six], seconds: 300)] : [.addresses([four, [192, 0, 2, 2]], seconds: 60)]
    }
    #expect(lookup.addresses.first == .v6(six, port: 587, scope: 0))
    #expect(Set(lookup.addresses) == [.v6(six, port: 587, scope: 0), .v4(four, port: 587), .v4([192, 0, 2, 2], port: 587)])
    #expect(try lookup.result.get().lifetime == .seconds(60))
    #expect(Set(lookup.asked) == ["mail.example.com A", "mail.example.com AAAA"])
  }

  @Test func `a name with an address in one family has that`() throws {
    let lookup = try Lookup.run { $0.isForIPv6 ? [.code(0)] : [.addresses([four], seconds: 60)] }
    #expect(lookup.addresses == [.v4(four, port: 587)])
  }

  @Test func `an alias is followed, and its life counts`() throws {
    let lookup = try Lookup.run { $0.isForIPv6 ? [.code(0)] : [.alias(address: four, seconds: 7)] }
    #expect(lookup.addresses == [.v4(four, port: 587)])
    #expect(try lookup.result.get().lifetime == .seconds(7))
  }

  @Test func `a name that does not exist is said not to`() throws {
    let lookup = try Lookup.run { _ in [.code(3)] }
    #expect(lookup.failure == .noSuchName("mail.example.com"))
    #expect(lookup.failure.map { "\($0)" } == "there is no host \"mail.example.com\" (NXDOMAIN)")
    #expect(lookup.failure?.isAboutName == true)
  }

  @Test func `a name without addresses is said to have none`() throws {
    #expect(try Lookup.run { _ in [.code(0)] }.failure == .noAddress("mail.example.com"))
    #expect(try Lookup.run { [.code($0.isForIPv6 ? 3 : 0)] }.failure == .noAddress("mail.example.com"))
  }

  @Test(arguments: [(2, "DNS server returned general failure"), (5, "DNS server refused query")])
  func `a name server that fails or refuses is named, and the name is not blamed`(code: Int, words: String) throws {
    let lookup = try Lookup.run { _ in [.code(UInt8(code))] }
    #expect(lookup.failure == .refused("mail.example.com", servers: lookup.server, reason: words))
    #expect(lookup.failure?.isAboutName == false)
  }

  @Test func `doubt about one family weighs more than a denial of the other`() throws {
    let lookup = try Lookup.run { [.code($0.isForIPv6 ? 3 : 2)] }
    guard case .refused = lookup.failure else {
      Issue.record("it came to \(lookup.result)")
      return
    }
  }

  @Test func `an answer too long for a datagram is fetched over TCP`() throws {
    let lookup = try Lookup.run { question in
      if question.isForIPv6 { return [.code(0)] }
      return question.isTCP ? [.addresses((1...20).map { [192, 0, 2, $0] }, seconds: 60)] : [.truncated]
    }
    #expect(lookup.addresses.count == 20)
    #expect(lookup.asked.contains("mail.example.com A tcp"))
  }

  @Test func `no more addresses are taken than anybody tries`() throws {
    let lookup = try Lookup.run { question in
      if question.isForIPv6 { return [.code(0)] }
      return question.isTCP ? [.addresses((1...200).map { [192, 0, 2, $0] }, seconds: 60)] : [.truncated]
    }
    #expect(lookup.addresses.count == 32)
  }

  @Test func `a silent name server is asked again, then named`() throws {
    let lookup = try Lookup.run { _ in [] }
    #expect(lookup.failure == .noAnswer("mail.example.com", servers: lookup.server))
    #expect(lookup.failure.map { "\($0)" } == "no name server has answered for \"mail.example.com\" (asked: \(lookup.server))")
    #expect(lookup.asked.filter { $0 == "mail.example.com A" }.count == 2)
  }

  @Test func `a deadline ends a look-up that has no answer yet`() throws {
    let lookup = try Lookup.run(within: .milliseconds(20)) { _ in [] }
    #expect(lookup.failure == .noAnswer("mail.example.com", servers: lookup.server))
    #expect(lookup.asked.count == 2)
  }

  @Test func `a name server that fails once is asked again`() throws {
    let lookup = try Lookup.run { question in
      if question.isForIPv6 { return [.code(0)] }
      return question.isFirst ? [.code(2)] : [.addresses([four], seconds: 60)]
    }
    #expect(lookup.addresses == [.v4(four, port: 587)])
  }

  @Test func `a port where no name server listens is as good as silence`() throws {
    let lookup = try Lookup.run(serverIsGone: true)
    #expect(lookup.failure == .noAnswer("mail.example.com", servers: lookup.server))
  }

  @Test func `one family's answer does not wait long for the other's`() throws {
    let lookup = try Lookup.run { $0.isForIPv6 ? [] : [.addresses([four], seconds: 60)] }
    #expect(lookup.addresses == [.v4(four, port: 587)])
    #expect(lookup.asked.filter { $0 == "mail.example.com AAAA" }.count == 1)
  }

  @Test func `an answer to another question is not taken, the right one behind it is`() throws {
    let lookup = try Lookup.run { question in
      let wrong = Reply.addresses([question.isForIPv6 ? six : [6, 6, 6, 6]], seconds: 60)
      return [.misnumbered(wrong), question.isForIPv6 ? .code(0) : .addresses([four], seconds: 60)]
    }
    #expect(lookup.addresses == [.v4(four, port: 587)])
  }

  /// What follows the number of the message.
  static let hostile: [[UInt8]] = [
    [],
    [0x84],
    [UInt8](repeating: 0xff, count: 500),
    // One answer promised, none there.
    [0x84, 0x80, 0, 0, 0, 1, 0, 0, 0, 0],
    // A question whose name points at itself.
    [0x84, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1],
    // 65,535 of everything.
    [0x84, 0x80] + [UInt8](repeating: 0xff, count: 8) + [1, 97, 0, 0, 1, 0, 1],
  ]

  @Test(arguments: hostile.indices) func `a hostile answer is never an address`(index: Int) throws {
    let lookup = try Lookup.run { _ in [.raw(CaresResolverTests.hostile[index])] }
    #expect(lookup.addresses.isEmpty)
    #expect(lookup.failure != nil)
  }

  @Test func `an address of the wrong length is no address`() throws {
    let lookup = try Lookup.run { question in [.record(type: question.type, value: question.isForIPv6 ? four : six)] }
    #expect(lookup.addresses.isEmpty)
  }

  @Test(arguments: [
    ("192.0.2.9", SocketAddress.v4([192, 0, 2, 9], port: 587)), ("2001:db8::1", .v6(six, port: 587, scope: 0)),
    ("[2001:db8::1]", .v6(six, port: 587, scope: 0)),
  ])
  func `an address is its own answer, and nobody is asked`(text: String, address: SocketAddress) throws {
    let lookup = try Lookup.run(text)
    #expect(lookup.addresses == [address])
    #expect(try lookup.result.get().lifetime == nil)
    #expect(lookup.asked.isEmpty)
  }

  @Test(arguments: ["localhost", "LocalHost.", "mail.localhost"]) func `localhost is this machine, and nobody is asked`(name: String) throws
  {
    let lookup = try Lookup.run(name)
    #expect(lookup.addresses == [.v4([127, 0, 0, 1], port: 587), .v6([UInt8](repeating: 0, count: 15) + [1], port: 587, scope: 0)])
    #expect(lookup.asked.isEmpty)
  }

  @Test(arguments: [
    ("", "it is empty"), (".", "it is empty"), ("a..b", "two dots stand side by side"), (".a", "two dots stand side by side"),
    ("a b", "it has characters that no host's name has"), ("a\0b", "it has characters that no host's name has"),
    ("mail\r\n", "it has characters that no host's name has"), ("grüße.example", "it has characters outside of ASCII"),
    (String(repeating: "a", count: 64) + ".example", "a part is longer than 63 characters"),
    (String(repeating: "a.", count: 128), "it is longer than 253 characters"), ("1.2.3", "it looks like an address but is none"),
    ("1.2.3.400", "it looks like an address but is none"), ("[2001:db8::zz]", "it has characters that no host's name has"),
  ])
  func `what cannot be a name is refused, and nobody is asked`(name: String, reason: String) throws {
    let lookup = try Lookup.run(name)
    guard case .badName(_, let given) = lookup.failure else {
      Issue.record("it came to \(lookup.result)")
      return
    }
    #expect(given == reason)
    #expect(lookup.asked.isEmpty)
  }

  @Test func `a look-up that is given up says so`() throws {
    let lookup = try Lookup.run(cancelAfter: .milliseconds(10)) { _ in [] }
    #expect(lookup.failure == .cancelled)
  }

  @Test func `a name given by hand goes before DNS, in both families`() throws {
    var template = Array("/tmp/posthouse-hosts-XXXXXX".utf8CString)
    let file = unsafe template.withUnsafeMutableBufferPointer { unsafe mkstemp($0.baseAddress!) }
    let path = String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
    let text = """
      # 192.0.2.8 mail.example.com
      192.0.2.7\t other  Mail.Example.COM # here
      nonsense mail.example.com
      2001:db8::1 mail.example.com
      192.0.2.7 mail.example.com
      """
    _ = unsafe write(file, text, text.utf8.count)
    close(file)
    defer { _ = unsafe unlink(path) }
    let lookup = try Lookup.run(hostsFile: path)
    #expect(lookup.addresses == [.v4([192, 0, 2, 7], port: 587), .v6(six, port: 587, scope: 0)])
    #expect(lookup.asked.isEmpty)
    let another = try Lookup.run("example.com", hostsFile: path) { $0.isForIPv6 ? [.code(0)] : [.addresses([four], seconds: 1)] }
    #expect(another.addresses == [.v4(four, port: 587)])
  }

  @Test func `a complete name is not tried with the machine's domains`() throws {
    let lookup = try Lookup.run("single.")
    #expect(Set(lookup.asked) == ["single A", "single AAAA"])
    #expect(lookup.failure == .noSuchName("single"))
  }

  @Test func `many look-ups run side by side, and leave no socket behind`() async {
    await #expect(processExitsWith: .success) {
      let before = try openDescriptors()
      let driver = try EpollDriver()
      EventLoop.run(driver) { loop in
        guard let server = try? NameServer(loop, driver, { $0.isForIPv6 ? [.code(0)] : [.addresses([four], seconds: 60)] }) else { return }
        var manner = CaresResolver.Manner()
        manner.servers = server.text
        manner.hostsFile = "/nowhere/hosts"
        let resolver = CaresResolver(loop, driver, manner)
        let berth = Berth(loop)
        var done = 0
        for number in 0..<100 {
          loop.spawn {
            let resolution = try? await resolver.resolve("host\(number).example", port: 25, until: loop.moment + .seconds(10))
            #expect(resolution?.addresses == [.v4(four, port: 25)])
            done += 1
            berth.wake()
          }
        }
        while done < 100 { _ = await berth.wait() }
        server.stop()
      }
      #expect(try openDescriptors() <= before + 3)
    }
  }
}

/// How many descriptors this process has open.
private func openDescriptors() throws -> Int {
  guard let directory = unsafe opendir("/proc/self/fd") else { throw SystemFailure.last("list", "/proc/self/fd") }
  defer { unsafe closedir(directory) }
  var count = 0
  while unsafe readdir(directory) != nil { count += 1 }
  return count
}
