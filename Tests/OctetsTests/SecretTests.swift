// SPDX-License-Identifier: Apache-2.0
import Octets
import Testing

/// A secret shows itself nowhere but through its bytes.
struct SecretTests {
  private let secret = Secret("correct horse")

  @Test func `printing, interpolating, debugging and dumping show no byte of it`() {
    struct Holder { let user = "app", password = Secret("correct horse") }
    var dumped = ""
    dump(Holder(), to: &dumped)
    for text in ["\(secret)", String(describing: secret), String(reflecting: secret), "\(Holder())", "\([secret])", dumped] {
      #expect(!text.contains("horse"))
    }
    #expect("\(secret)" == "[secret]")
    #expect(Mirror(reflecting: secret).children.isEmpty)
  }

  @Test func `its bytes are what went in`() {
    #expect(bytes(of: secret) == Array("correct horse".utf8))
    #expect(secret.count == 13)
    #expect(bytes(of: Secret([0, 255, 10].span)) == [0, 255, 10])
    #expect(Secret("").isEmpty)
    #expect(bytes(of: Secret("")).isEmpty)
  }

  private func bytes(of secret: Secret) -> [UInt8] { secret.bytes.array }

  @Test func `two secrets are equal when every byte is`() {
    #expect(secret == Secret("correct horse"))
    #expect(secret != Secret("correct hors"))
    #expect(secret != Secret("correct horsf"))
    #expect(secret != Secret("Correct horse"))
    #expect(Secret("") == Secret(""))
  }
}
