// SPDX-License-Identifier: Apache-2.0
package import EventLoop
import LinuxSystem
import Settings

/// The sockets of the house: where mail comes in, and where control asks.
///
/// Sockets handed over by the service manager take the place of the addresses in the settings; one named `varlink` or `control` is the
/// control socket.
@Loop struct Doors {
  /// Where mail comes in.
  private(set) var mail: [any Listener] = []
  /// Where control asks.
  private(set) var control: (any Listener)?

  /// Opens every door; closes those that are open when one cannot be.
  init(_ settings: RelaySettings, _ network: any Network, _ inherited: InheritedListeners) throws(RelayFailure) {
    do throws(RelayFailure) {
      mail = inherited.mail
      if mail.isEmpty {
        for address in settings.listen.addresses { mail.append(try Doors.open(SocketAddress(address), network, .open)) }
      }
      let place = SocketAddress.unix(settings.control.socket.path)
      control = inherited.control
      if control == nil { control = try Doors.open(place, network, .guarded(settings.control)) }
    } catch {
      close()
      throw error
    }
  }

  /// Closes them all.
  func close() {
    for listener in mail { listener.close() }
    control?.close()
  }

  private enum Access {
    case open
    case guarded(ControlSettings)
  }

  private static func open(_ address: SocketAddress, _ network: any Network, _ access: Access) throws(RelayFailure) -> any Listener {
    do throws(SystemFailure) {
      let listener = try network.listen(on: address)
      if case .guarded(let control) = access, case .unix(let path) = address {
        try SocketFile.protect(path, mode: control.mode.bits, group: control.group?.name)
      }
      return listener
    } catch {
      throw .listening(address: "\(address)", error)
    }
  }
}

/// Listeners over sockets that the service manager handed over.
package struct InheritedListeners {
  package let mail: [any Listener]
  package let control: (any Listener)?

  /// Listeners that were handed over.
  package init(mail: [any Listener] = [], control: (any Listener)? = nil) {
    self.mail = mail
    self.control = control
  }
}

extension SocketAddress {
  /// The address that the settings name.
  init(_ address: ListenAddress) {
    switch address {
    case .tcp(let host, let port): self.init(host, port: port)
    case .unix(let path): self = .unix(path)
    }
  }
}
