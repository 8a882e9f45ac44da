// SPDX-License-Identifier: Apache-2.0
import Octets
import Testing

/// The digests against the vectors of their standards, and against an independent implementation where those have none.
struct MessageDigestTests {
  static let long = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"

  /// RFC 1321 appendix A.5, FIPS 180-4 examples.
  static let plain: [(MessageDigest, String, String)] = [
    (.md5, "", "d41d8cd98f00b204e9800998ecf8427e"),
    (.md5, "abc", "900150983cd24fb0d6963f7d28e17f72"),
    (.md5, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"),
    (.md5, String(repeating: "1234567890", count: 8), "57edf4a22be3c955ac49da2e2107b67a"),
    (.sha1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    (.sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    (.sha1, long, "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
    (.sha256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (.sha256, long, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
    (.sha256, String(repeating: "a", count: 10_000), "27dd1f61b867b6a0f6e9d8a41c43231de52107e53ae424de8f847b821db4b711"),
  ]

  @Test(arguments: plain) func `a digest is that of the standard`(digest: MessageDigest, text: String, expected: String) {
    #expect(hexadecimal(digest.digest(of: text.utf8.span)) == expected)
  }

  /// So many times the letter a, by the other implementation.
  static let lengths: [(Int, String, String)] = [
    (55, "ef1772b6dff9a122358552954ad0df65", "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
    (56, "3b0c8ac703f828b04c6c197006d17218", "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
    (57, "652b906d60af96844ebd21b674f35e93", "f13b2d724659eb3bf47f2dd6af1accc87b81f09f59f2b75e5c0bed6589dfe8c6"),
    (63, "b06521f39153d618550606be297466d5", "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"),
    (64, "014842d480b571495a4a0363793f7367", "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
    (65, "c743a45e0d2e6a95cb859adae0248435", "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"),
    (119, "8a7bd0732ed6a28ce75f6dabc90e1613", "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"),
    (120, "5f61c0ccad4cac44c75ff505e1f1e537", "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"),
    (128, "e510683b3f5ffe4093d021808bc6ff70", "6836cf13bac400e9105071cd6af47084dfacad4e5e302c94bfed24e013afb73e"),
  ]

  @Test(arguments: lengths) func `lengths around the end of a block are padded as they should be`(count: Int, md5: String, sha256: String) {
    let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: count)
    #expect(hexadecimal(MessageDigest.md5.digest(of: bytes.span)) == md5)
    #expect(hexadecimal(MessageDigest.sha256.digest(of: bytes.span)) == sha256)
  }

  /// RFC 2202 and RFC 4231: digest, key, message, code.
  static let keyed: [(MessageDigest, [UInt8], String, String)] = [
    (.md5, [UInt8](repeating: 0x0b, count: 16), "Hi There", "9294727a3638bb1c13f48ef8158bfc9d"),
    (.md5, Array("Jefe".utf8), "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"),
    (
      .md5, [UInt8](repeating: 0xaa, count: 80), "Test Using Larger Than Block-Size Key - Hash Key First",
      "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"
    ),
    (.sha1, [UInt8](repeating: 0x0b, count: 20), "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
    (.sha1, Array("Jefe".utf8), "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    (
      .sha1, [UInt8](repeating: 0xaa, count: 80), "Test Using Larger Than Block-Size Key - Hash Key First",
      "aa4ae5e15272d00e95705637ce8a3b55ed402112"
    ),
    (
      .sha256, [UInt8](repeating: 0x0b, count: 20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (.sha256, Array("Jefe".utf8), "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (
      .sha256, [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
  ]

  @Test(arguments: keyed) func `a keyed digest is that of the standard`(
    digest: MessageDigest, key: [UInt8], message: String, expected: String
  ) {
    #expect(hexadecimal(digest.code(of: message.utf8.span, key: key.span)) == expected)
  }

  /// RFC 6070, RFC 7914 §11 (its first block), and the other implementation.
  static let stretched: [(MessageDigest, String, [UInt8], Int, String)] = [
    (.sha1, "password", Array("salt".utf8), 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"),
    (.sha1, "password", Array("salt".utf8), 2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
    (.sha1, "password", Array("salt".utf8), 4096, "4b007901b765489abead49d926f721d065a429c1"),
    (.sha256, "passwd", Array("salt".utf8), 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"),
    (.sha256, "password", Array("salt".utf8), 4096, "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"),
    (.md5, "password", Array("salt".utf8), 1000, "8d189946a32d883622a16ae18af0632f"),
  ]

  @Test(arguments: stretched) func `a stretched password is that of the standard`(
    digest: MessageDigest, password: String, salt: [UInt8], iterations: Int, expected: String
  ) {
    let key = digest.stretch(Secret(password), salt: salt.span, iterations: iterations)
    #expect(hexadecimal(key.bytes.array) == expected)
    #expect(key.count == digest.length)
  }

  @Test func `comparing tells equal from different wherever the difference is`() {
    #expect(isSame([1, 2, 3], [1, 2, 3]))
    for other: [UInt8] in [[], [1, 2], [1, 2, 3, 4], [0, 2, 3], [1, 0, 3], [1, 2, 0]] { #expect(!isSame([1, 2, 3], other)) }
  }

  private func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool { left.span.equalsInConstantTime(right.span) }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
