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
        for address in listen.addresses { mail.append(try Doors.open(address, network, listen, .clear)) }
        for address in listen.tlsAddresses { mail.append(try Doors.open(address, network, listen, .implicitTLS)) }
      }
      let place = SocketAddress.unix(settings.control.socket.path)
      control = inherited.control
      if control == nil { control = try Doors.open(place, network, "Control", settings.control.mode, settings.control.group) }
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

  private static func open(
    _ address: ListenAddress, _ network: any Network, _ listen: ListenSettings, _ protection: MailDoor.Protection
  ) throws(RelayFailure) -> MailDoor {
    MailDoor(try open(SocketAddress(address), network, "Listen", listen.socketMode, listen.socketGroup), protection)
  }

  private static func open(
    _ address: SocketAddress, _ network: any Network, _ section: String, _ mode: FileMode, _ group: PlainName?
  ) throws(RelayFailure) -> any Listener {
    do throws(SystemFailure) {
      let listener = try network.listen(on: address)
      if case .unix(let path) = address { try SocketFile.protect(path, mode: mode.bits, group: group?.name) }
      return listener
    } catch {
      let isControl = section == "Control"
      let isGroup = error.call.hasSuffix("group") || error.call.hasSuffix("group of")
      let setting = isControl ? (isGroup ? "Control.Group" : "Control.Socket") : isGroup ? "Listen.SocketGroup" : "Listen.Address"
      throw .listening(address: "\(address)", setting: setting, error)
    }
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
