// SPDX-License-Identifier: Apache-2.0
/// What both programs say about themselves.
package enum Release {
  /// The version of this source tree.
  package static let version = "0.1.0"

  /// The service as `org.varlink.service.GetInfo` describes it.
  package static let service = VarlinkService(
    vendor: "Posthouse", product: "posthoused", version: version, url: "https://posthouse.example/", interfaces: [RelayInterface.interface])
}
