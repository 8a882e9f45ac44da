// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSystem
import Testing
import Timekeeping

/// A client in a process of its own, which may be another user's and in another control group.
@safe final class ChildPeer {
  private var input: UnsafeMutablePointer<FILE>?

  /// Starts the client, at an address of its own if it has one; one that does not hold its connection has ended when this returns.
  init(
    to address: SocketAddress, as user: UInt32 = geteuid(), _ conduct: Conduct = .hold, from source: SocketAddress? = nil,
    cgroup: String = "-"
  ) {
    let (host, number) = (address.host, address.port.map { "\($0)" } ?? "-")
    let arguments = "\(user) \(cgroup) \(host) \(number) \(conduct.rawValue) \(source?.host ?? "-") \(source?.port ?? 0)"
    unsafe input = unsafe popen("exec perl -e '\(ChildPeer.program)' \(arguments)", "we")
    precondition(unsafe input != nil, "a client can be started")
    if conduct == .close || conduct == .reset { end() }
  }

  deinit { end() }

  /// Ends the client and waits until it has ended.
  func end() {
    if let input = unsafe input { unsafe pclose(input) }
    unsafe input = nil
  }

  /// What the client does.
  enum Conduct: String {
    /// Stays connected until it is told to end.
    case hold
    /// The same, but the socket is made before the user changes.
    case holdMadeEarly
    /// Writes, closes and ends.
    case close
    /// Writes, breaks the connection off and ends.
    case reset
  }

  private static let program = """
    use strict; use Socket; use POSIX ();
    my ($user, $cgroup, $host, $port, $conduct, $at, $from) = @ARGV;
    if ($cgroup ne "-") { open(my $f, ">", "$cgroup/cgroup.procs") or die $!; print $f $$; close $f or die $!; }
    my ($family, $to);
    if ($host =~ m{/}) { $family = AF_UNIX; $to = pack_sockaddr_un($host); }
    elsif ($host =~ /:/) { $family = AF_INET6; $to = pack_sockaddr_in6($port, Socket::inet_pton(AF_INET6, $host)); }
    else { $family = AF_INET; $to = pack_sockaddr_in($port, inet_aton($host)); }
    my $s;
    socket($s, $family, SOCK_STREAM, 0) or die $! if $conduct eq "holdMadeEarly";
    if ($user != $>) { $) = "$user $user"; POSIX::setgid($user); POSIX::setuid($user) or die $!; }
    socket($s, $family, SOCK_STREAM, 0) or die $! unless $s;
    if ($at ne "-") {
      setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1) or die $!;
      bind($s, pack_sockaddr_in($from, inet_aton($at))) or die $!;
    }
    connect($s, $to) or die $!;
    syswrite($s, "x");
    setsockopt($s, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0)) or die $! if $conduct eq "reset";
    exit 0 if $conduct eq "close" or $conduct eq "reset";
    read(STDIN, my $end, 1);
    """
}

/// A user that is neither root nor ours and has no name.
let strangerUser: UInt32 = 23_456

/// Whether this process may start others as another user.
let mayBeAnother = geteuid() == 0

extension Socket {
  /// A listener on a port of the system's choice at a loopback address.
  static func listeningLocally(_ host: String = "127.0.0.1") throws -> Socket {
    try Socket.listening(on: try #require(SocketAddress(numeric: host, port: 0)))
  }

  /// An address of this machine at which nobody else has ports: what was free there a moment ago still is.
  static func lonelyAddress() -> SocketAddress {
    .v4([127] + (0..<3).map { _ in UInt8.random(in: 1...254) }, port: 0)
  }

  /// The next connection; waits up to ten seconds for it.
  func acceptSoon() throws -> Accepted {
    var question = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    _ = unsafe poll(&question, 1, 10_000)
    let accepted = try accept()
    guard let accepted else { throw SystemFailure(call: "accept", subject: "a client", number: ETIMEDOUT) }
    return accepted
  }
}

extension PeerLookup {
  /// Who is at the other end, at a moment that does not matter.
  func identify(_ socket: borrowing Socket) -> PeerIdentity { identify(socket, at: Moment(nanoseconds: 0)) }
}
