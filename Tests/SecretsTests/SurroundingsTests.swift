// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Secrets

@Suite struct SurroundingsTests {
  @Test(arguments: [
    ("127.0.1.1 vm.example.com vm\n", "vm.example.com"), ("127.0.1.1\tvm  vm.example.com # x\n", "vm.example.com"),
    ("# 10.0.0.1 vm.example.com vm\n", nil),
    ("127.0.0.1 localhost.localdomain vm\n", nil), ("10.0.0.1 other.example.com other\n10.0.0.2 vm.example.org vm\n", "vm.example.org"),
    ("10.0.0.1 vm\n", nil), ("", nil),
  ])
  func `a hosts file may know the full name of the machine`(text: String, name: String?) {
    #expect(Surroundings.fullName(of: "vm", inHosts: text) == name)
  }

  @Test func `a process sees its environment and has a name`() {
    let surroundings = Surroundings()
    #expect(surroundings.environment["PATH"] != nil)
    #expect(!surroundings.hostname.isEmpty)
  }
}
