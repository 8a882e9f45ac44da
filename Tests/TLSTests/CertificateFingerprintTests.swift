// SPDX-License-Identifier: Apache-2.0
import TLS
import TLSTerms
import Testing

@Suite struct CertificateFingerprintTests {
  static let digits = "00ff" + String(repeating: "a5", count: 30)
  static let colons = "00:FF" + String(repeating: ":A5", count: 30)

  @Test(arguments: [digits, "sha256:" + digits, "SHA256:" + digits, colons, "sha256:" + colons])
  func `a fingerprint is read in every common form`(text: String) {
    #expect(CertificateFingerprint(text)?.description == "sha256:" + CertificateFingerprintTests.digits)
  }

  @Test(arguments: [
    "", "sha256:", String(digits.dropLast()), digits + "00", "sha1:" + digits, colons + ":", ":" + colons, "g" + digits.dropFirst(),
    String(repeating: "+1", count: 32), String(repeating: "é", count: 32),
  ])
  func `what is no fingerprint is refused`(text: String) {
    #expect(CertificateFingerprint(text) == nil)
  }
}
