// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Octets
import SMTP
import Settings
import Timekeeping

/// A way to the upstream through a proxy: asks it on an open wire, and leaves the wire where the upstream's own bytes begin.
///
/// The proxy looks the upstream's name up. What it answers is as hostile as anything: bounded, and never shown but as printable text. A
/// proxy that does not want us is the operator's to mend; one that cannot reach the upstream is an outage.
@Loop struct ProxyTunnel {
  let proxy: ProxyAddress
  let password: Secret?
  let deadline: Moment

  /// Asks for the way; afterwards whatever the upstream has said already waits in the wire.
  func open(_ wire: inout Wire, to host: UpstreamHost, port: UInt16) async throws(Setback) {
    do throws(Refusal) {
      switch proxy.form {
      case .socks5: try await SOCKSTunnel(user: proxy.user, password: password, deadline: deadline).open(&wire, to: host, port: port)
      case .http: try await HTTPTunnel(user: proxy.user, password: password, deadline: deadline).open(&wire, to: host, port: port)
      }
    } catch {
      throw Setback(.connect, failure(error))
    }
  }

  /// Why a proxy gave no way.
  enum Refusal: Error {
    /// It does not want to: a sentence that begins with a verb.
    case unwilling(String)
    /// It cannot: a sentence that begins with a verb.
    case unable(String)
    /// It went silent, hung up, or broke.
    case broken(WireFailure)
  }

  private func failure(_ refusal: Refusal) -> UpstreamFailure {
    switch refusal {
    case .unwilling(let why): .proxyRefused("the proxy \(proxy.place) \(why)")
    case .unable(let why): .proxyFailed("the proxy \(proxy.place) \(why)")
    case .broken(.timedOut): .proxyFailed("the proxy \(proxy.place) has not answered in time")
    case .broken(.ended): .proxyFailed("the proxy \(proxy.place) closed the connection")
    case .broken(.cancelled): UpstreamFailure(.cancelled)
    case .broken(let failure): .proxyFailed("the connection to the proxy \(proxy.place) failed: \(failure)")
    }
  }
}

extension Wire {
  /// Brings at least `count` bytes into the input.
  @Loop mutating func await(_ count: Int, until deadline: Moment) async throws(ProxyTunnel.Refusal) {
    do throws(WireFailure) {
      while input.count < count { try await fill(until: deadline) }
    } catch {
      throw .broken(error)
    }
  }
}
