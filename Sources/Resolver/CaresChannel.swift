// SPDX-License-Identifier: Apache-2.0
internal import CCares
internal import EventLoop
internal import Glibc
internal import LinuxSystem
internal import Timekeeping

/// One c-ares channel on the loop: the only place where that library is called.
///
/// c-ares tells which sockets it wants watched and when it wants to be called again; the loop does both. It calls back only from within our
/// calls into it, on the loop's thread, and answers every question exactly once, at the latest when the channel is closed. Invariant:
/// whoever makes a channel closes it; then nothing is watched any more.
@Loop @safe final class CaresChannel {
  private let loop: EventLoop
  private let driver: EpollDriver
  private var channel: ares_channel?
  private var sockets: [Int32: WatchedSocket] = [:]
  private var alarm: Alarm?

  /// A channel that follows this machine's settings, or the reason why there is none.
  init(_ loop: EventLoop, _ driver: EpollDriver) {
    self.loop = loop
    self.driver = driver
  }

  /// Reads the settings; answers c-ares's status.
  func open(_ manner: CaresResolver.Manner, _ trust: Trust) -> Int32 {
    let status = ares_library_init(ARES_LIB_INIT_ALL)
    guard status == ARES_SUCCESS else { return status }
    var options = unsafe ares_options()
    unsafe options.timeout = Int32(clamping: manner.patience.nanoseconds / 1_000_000)
    switch trust {
    case .anyServer: unsafe options.tries = Int32(clamping: manner.tries)
    case .firstServer: unsafe (options.tries, options.flags) = (1, ARES_FLAG_NOCHECKRESP)
    }
    unsafe options.sock_state_cb = { context, socket, isRead, isWritten in
      guard let context = unsafe context else { return }
      let channel = unsafe Unmanaged<CaresChannel>.fromOpaque(context).takeUnretainedValue()
      Loop.assumeIsolated { channel.watch(socket, isRead: isRead != 0, isWritten: isWritten != 0) }
    }
    unsafe options.sock_state_cb_data = Unmanaged.passUnretained(self).toOpaque()
    let chosen = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB
    let opened = unsafe ares_init_options(&channel, &options, chosen)
    guard opened == ARES_SUCCESS, let servers = manner.servers else { return opened }
    return unsafe ares_set_servers_ports_csv(channel, servers)
  }

  /// Asks for the addresses of one family; `answered` is called once, perhaps before this returns.
  func ask(_ name: String, family: Int32, answered: @escaping @Loop (Int32, [FoundAddress]) -> Void) {
    var hints = ares_addrinfo_hints()
    hints.ai_family = family
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    let question = unsafe Unmanaged.passRetained(Question(answered))
    unsafe ares_getaddrinfo(
      channel, name, nil, &hints,
      { context, status, _, result in
        // c-ares gives back, exactly once, what was retained for it.
        guard let context = unsafe context else { return }
        let question = unsafe Unmanaged<Question>.fromOpaque(context).takeRetainedValue()
        let found = unsafe CaresChannel.take(result)
        Loop.assumeIsolated { question.answered(status, found) }
      }, question.toOpaque())
    rearm()
  }

  /// Whose refusal counts.
  enum Trust {
    /// Only that of all servers.
    case anyServer
    /// That of whoever answers first.
    case firstServer
  }

  /// Ends every question and closes every socket.
  func close() {
    alarm?.cancel()
    alarm = nil
    if let open = unsafe channel { unsafe ares_destroy(open) }
    unsafe channel = nil
    for socket in sockets.values { socket.forget() }
    sockets = [:]
  }

  /// The name servers that are asked, as text.
  var servers: String {
    guard let channel = unsafe channel else { return "none" }
    let text = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
      guard let start = buffer.baseAddress else { return "" }
      unsafe ccares_servers(channel, start, buffer.count)
      return unsafe String(cString: start)
    }
    return text.isEmpty ? "none" : text
  }

  /// c-ares's words for a status, for the middle of a sentence.
  nonisolated static func words(for status: Int32) -> String {
    // The texts are constants of the library.
    guard let text = unsafe ares_strerror(status) else { return "error \(status)" }
    let words = unsafe String(cString: text)
    return words.hasPrefix("DNS") ? words : words.prefix(1).lowercased() + words.dropFirst()
  }

  private func watch(_ number: Int32, isRead: Bool, isWritten: Bool) {
    sockets.removeValue(forKey: number)?.forget()
    guard isRead || isWritten else { return }
    let level: Readiness = isRead ? (isWritten ? [.readable, .writable] : .readable) : .writable
    // A socket that cannot be watched is as one that stays silent: the question times out and says so.
    sockets[number] = try? WatchedSocket(number, level, driver) { [unowned self] in process(number, $0) }
  }

  private func process(_ number: Int32, _ readiness: Readiness) {
    guard let channel = unsafe channel else { return }
    let isBroken = !readiness.isDisjoint(with: [.failed, .hungUp])
    let reads = isBroken || readiness.contains(.readable)
    let writes = isBroken || readiness.contains(.writable)
    unsafe ares_process_fd(channel, reads ? number : ARES_SOCKET_BAD, writes ? number : ARES_SOCKET_BAD)
    rearm()
  }

  /// Lets the loop call again when c-ares has to give something up or to repeat it.
  private func rearm() {
    alarm?.cancel()
    alarm = nil
    guard let channel = unsafe channel else { return }
    var rest = timeval()
    guard unsafe ares_timeout(channel, nil, &rest) != nil else { return }
    let wait = Duration.seconds(rest.tv_sec) + .microseconds(rest.tv_usec) + .milliseconds(1)
    alarm = loop.schedule(at: loop.moment + wait) { [unowned self] in
      alarm = nil
      guard let channel = unsafe self.channel else { return }
      unsafe ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD)
      rearm()
    }
  }

  /// Takes what c-ares found, and frees it.
  private nonisolated static func take(_ result: UnsafeMutablePointer<ares_addrinfo>?) -> [FoundAddress] {
    guard let result = unsafe result else { return [] }
    defer { unsafe ares_freeaddrinfo(result) }
    var found: [FoundAddress] = []
    var lifetime = Int64.max
    var alias = unsafe result.pointee.cnames
    while let link = unsafe alias {
      lifetime = unsafe min(lifetime, Int64(max(link.pointee.ttl, 0)))
      unsafe alias = link.pointee.next
    }
    var next = unsafe result.pointee.nodes
    while let node = unsafe next, found.count < mostAddresses {
      unsafe next = node.pointee.ai_next
      guard let address = unsafe SocketAddress(kernelForm: node.pointee.ai_addr) else { continue }
      found.append(FoundAddress(address: address, lifetime: min(lifetime, Int64(max(unsafe node.pointee.ai_ttl, 0)))))
    }
    return found
  }

  /// More addresses than anybody tries.
  nonisolated static let mostAddresses = 32

  private final class Question {
    let answered: @Loop (Int32, [FoundAddress]) -> Void
    init(_ answered: @escaping @Loop (Int32, [FoundAddress]) -> Void) { self.answered = answered }
  }
}

/// An address that DNS gave, and for how many seconds it holds.
struct FoundAddress: Sendable {
  let address: SocketAddress
  let lifetime: Int64
}

/// One of c-ares's sockets, watched by the loop.
@Loop private final class WatchedSocket: PollTarget {
  private let driver: EpollDriver
  private let report: (Readiness) -> Void
  private var watch: EpollDriver.Watch?

  init(_ number: Int32, _ level: Readiness, _ driver: EpollDriver, _ report: @escaping (Readiness) -> Void) throws(SystemFailure) {
    self.driver = driver
    self.report = report
    watch = try driver.watch(number, level: level, for: self)
  }

  func forget() {
    if let watch { driver.forget(watch) }
    watch = nil
  }

  func pollerReports(_ readiness: Readiness) { report(readiness) }
}

extension SocketAddress {
  /// The address in a structure of the C library's, port 0.
  fileprivate init?(kernelForm: UnsafeMutablePointer<sockaddr>?) {
    guard let form = unsafe kernelForm else { return nil }
    switch unsafe Int32(form.pointee.sa_family) {
    case AF_INET:
      self = unsafe form.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { four in
        unsafe .v4(withUnsafeBytes(of: four.pointee.sin_addr) { unsafe Array($0) }, port: 0)
      }
    case AF_INET6:
      self = unsafe form.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { six in
        unsafe .v6(withUnsafeBytes(of: six.pointee.sin6_addr) { unsafe Array($0) }, port: 0, scope: six.pointee.sin6_scope_id)
      }
    default: return nil
    }
  }
}
