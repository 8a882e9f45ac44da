// SPDX-License-Identifier: Apache-2.0
internal import COpenSSL

/// OpenSSL's validated cryptography, for those who must use no other (FIPS 140).
package enum FIPSModule {
  /// From now on the whole process uses only the FIPS module; there is no way back. To be called before the first context is made.
  package static func require() throws(TLSContextFailure) {
    ERR_clear_error()
    // The base module only reads and writes keys; the FIPS module leaves that out.
    guard unsafe OSSL_PROVIDER_load(nil, "fips") != nil, unsafe OSSL_PROVIDER_load(nil, "base") != nil,
      EVP_default_properties_enable_fips(nil, 1) == 1
    else { throw .fipsMissing(reason: LibraryError.take().text) }
  }

  /// Whether only the FIPS module is used.
  package static var isRequired: Bool { EVP_default_properties_is_fips_enabled(nil) == 1 }
}
