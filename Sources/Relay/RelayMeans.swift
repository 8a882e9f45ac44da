// SPDX-License-Identifier: Apache-2.0
import Delivery
package import EventLoop
package import LinuxSystem
package import Resolver
package import Secrets
package import ServiceManager
package import Timekeeping

/// Everything the relay needs of the world, real or simulated.
package struct RelayMeans {
  package let clock: any TimeSource
  package let network: any Network
  package let disk: any Disk
  package let resolver: any NameResolver
  /// The thread that writes and syncs the journal.
  package let journal: any Workers
  /// Threads for whatever else may block.
  package let workers: any Workers
  package let secrets: SecretReader
  /// Who is at the other end of a connection.
  package let peers: PeerLookup
  package let generator: any RandomNumberGenerator
  package let notifier: ServiceNotifier
  package let log: EventLog

  /// The means from their parts.
  package init(
    clock: any TimeSource, network: any Network, disk: any Disk, resolver: any NameResolver, journal: any Workers, workers: any Workers,
    secrets: SecretReader,
    generator: any RandomNumberGenerator, notifier: ServiceNotifier, log: EventLog, peers: PeerLookup = PeerLookup()
  ) {
    self.clock = clock
    self.network = network
    self.disk = disk
    self.resolver = resolver
    self.journal = journal
    self.workers = workers
    self.secrets = secrets
    self.peers = peers
    self.generator = generator
    self.notifier = notifier
    self.log = log
  }

  /// The part of them that delivery needs.
  var forDelivery: DeliveryMeans {
    DeliveryMeans(network: network, resolver: resolver, disk: disk, workers: workers, secrets: secrets, generator: generator)
  }
}
