// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import LinuxSystem
package import Resolver
package import Secrets

/// What delivery needs of the world, real or simulated.
package struct DeliveryMeans {
  package let network: any Network
  package let resolver: any NameResolver
  /// The directory of the spool.
  package let disk: any Disk
  /// For what may block: secrets, the capture directory.
  package let workers: any Workers
  package let secrets: SecretReader
  package let generator: any RandomNumberGenerator

  /// The means from their parts.
  package init(
    network: any Network, resolver: any NameResolver, disk: any Disk, workers: any Workers, secrets: SecretReader,
    generator: any RandomNumberGenerator
  ) {
    self.network = network
    self.resolver = resolver
    self.disk = disk
    self.workers = workers
    self.secrets = secrets
    self.generator = generator
  }
}
