// SPDX-License-Identifier: Apache-2.0
package import EventLoop
import LinuxSystem
import Settings
package import Submission

/// The sockets of the house: where mail comes in, and where control asks.
///
/// Sockets handed over by the service manager take the place of the addresses in the settings; one named `varlink` or `control` is the
/// control socket.
@Loop struct Doors {
  /// Where mail comes in.
  private(set) var mail: [MailDoor] = []
  /// Where control asks.
  private(set) var control: (any Listener)?

  /// Opens every door; closes those that are open when one cannot be.
  init(_ settings: RelaySettings, _ network: any Network, _ inherited: InheritedListeners) throws(RelayFailure) {
    do throws(RelayFailure) {
      mail = inherited.mail
      if mail.isEmpty {
        let listen = settings.listen
        let kinds: [([ListenAddress], String, MailDoor.Protection)] = [
          (listen.addresses, "Listen.Address", .clear), (listen.tlsAddresses, "Listen.TLSAddress", .implicitTLS),
        ]
        for (addresses, setting, protection) in kinds {
          for address in addresses {
            let names = (place: setting, group: "Listen.SocketGroup")
            let listener = try Doors.open(SocketAddress(address), network, listen.socketMode, listen.socketGroup, names)
            mail.append(MailDoor(listener, protection))
          }
        }
      }
      let asked = settings.control
      control = inherited.control
      if control == nil {
        control = try Doors.open(.unix(asked.socket.path), network, asked.mode, asked.group, ("Control.Socket", "Control.Group"))
      }
    } catch {
      close()
      throw error
    }
  }

  /// Closes them all.
  func close() {
    for door in mail { door.listener.close() }
    control?.close()
  }

  /// Opens one; `settings` are the names of those that say where it is and to which group it belongs.
  private static func open(
    _ address: SocketAddress, _ network: any Network, _ mode: FileMode, _ group: PlainName?, _ settings: (place: String, group: String)
  ) throws(RelayFailure) -> any Listener {
    let listener: any Listener
    do throws(SystemFailure) {
      listener = try network.listen(on: address)
    } catch {
      throw .listening(address: "\(address)", setting: settings.place, error)
    }
    guard case .unix(let path) = address else { return listener }
    do throws(SystemFailure) {
      if let group { try SocketFile.give(path, to: group.name) }
    } catch {
      throw .grouping(address: "\(address)", setting: settings.group, error)
    }
    do throws(SystemFailure) {
      try SocketFile.protect(path, mode: mode.bits)
    } catch {
      throw .listening(address: "\(address)", setting: settings.place, error)
    }
    return listener
  }
}

/// Listeners over sockets that the service manager handed over.
@Loop package struct InheritedListeners {
  package let mail: [MailDoor]
  package let control: (any Listener)?

  /// Listeners that were handed over.
  package init(mail: [MailDoor] = [], control: (any Listener)? = nil) {
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
