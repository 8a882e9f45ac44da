// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSystem
import Testing

@Suite struct UserNamesTests {
  let directory = TemporaryDirectory()

  private func names(_ passwd: String) -> UserNames {
    directory.write(passwd, to: "passwd")
    return UserNames(passwd: "\(directory.path)/passwd", dynamicUsers: directory.path)
  }

  @Test func `names and numbers are found both ways`() {
    let names = names("root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/false\nlast:x:4294967294:1:::")
    #expect(names.name(of: 0) == "root")
    #expect(names.name(of: 33) == "www-data")
    #expect(names.name(of: 4_294_967_294) == "last")
    #expect(names.user(named: "www-data") == 33)
    #expect(names.name(of: 34) == nil)
    #expect(names.user(named: "nobody-of-this-name") == nil)
  }

  @Test func `the first line of a number or a name counts`() {
    let names = names("one:x:7:7:::\ntwo:x:7:7:::\none:x:8:8:::\n")
    #expect(names.name(of: 7) == "one")
    #expect(names.user(named: "two") == 7)
    #expect(names.user(named: "one") == 7)
    #expect(names.name(of: 8) == "one")
  }

  @Test(arguments: [
    "", "\n\n", ":x:5:5:::", "a:x", "a:x:5", "a:x::5:::", "a:x:-5:5:::", "a:x:5x:5:::", "a:x:4294967295:5:::", "a:x:4294967301:5:::",
    "a:x:99999999999999999999:5:::", "+:x:5:5:::", "-a:x:5:5:::", "a\u{7}b:x:5:5:::", "a b:x:5:5:::", "a/b:x:5:5:::",
    "\(String(repeating: "a", count: 300)):x:5:5:::",
  ])
  func `a line that names nobody is passed over`(line: String) {
    let names = names("\(line)\nnext:x:6:6:::\n")
    #expect(names.name(of: 5) == nil)
    #expect(names.name(of: 6) == "next")
    #expect(names.user(named: "a") == nil)
  }

  @Test func `a changed file is read again`() {
    let names = names("old:x:5:5:::\n")
    #expect(names.name(of: 5) == "old")
    directory.write("new:x:5:5:::\n", to: "passwd")
    #expect(names.name(of: 5) == "new")
    #expect(names.user(named: "old") == nil)
    unsafe unlink("\(directory.path)/passwd")
    #expect(names.name(of: 5) == nil)
    directory.write("again:x:5:5:::\n", to: "passwd")
    #expect(names.name(of: 5) == "again")
  }

  @Test func `a dynamic user's name is found both ways`() {
    let names = names("root:x:0:0:::\n")
    unsafe symlink("webapp", "\(directory.path)/direct:61234")
    unsafe symlink("61234", "\(directory.path)/direct:webapp")
    #expect(names.name(of: 61_234) == "webapp")
    #expect(names.user(named: "webapp") == 61_234)
    #expect(names.name(of: 61_235) == nil)
  }

  @Test func `a name with a slash leads nowhere`() {
    let names = names("root:x:0:0:::\n")
    unsafe mkdir("\(directory.path)/direct:a", 0o755)
    unsafe symlink("0", "\(directory.path)/direct:a/b")
    #expect(names.user(named: "a/b") == nil)
  }

  @Test func `no file means no names`() {
    let names = UserNames(passwd: "\(directory.path)/none", dynamicUsers: "\(directory.path)/none")
    #expect(names.name(of: 0) == nil)
    #expect(names.user(named: "root") == nil)
  }

  @Test func `this machine knows root`() {
    #expect(UserNames().user(named: "root") == 0)
    #expect(UserNames().name(of: 0) == "root")
  }
}
