// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSystem
import Testing
import Timekeeping

/// Any directories will do: a group's id is the inode number of its directory.
@Suite struct CgroupNamesTests {
  let directory = TemporaryDirectory()

  private func names(groups: Int = 8192, groupsOfUnit: Int = 1024) -> CgroupNames {
    let number = unsafe open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    return CgroupNames(root: Descriptor(owning: number), groups: groups, groupsOfUnit: groupsOfUnit)
  }

  private let start = Moment(nanoseconds: 0)

  @Test func `one reading finds every group`() {
    let web = directory.makeDirectory("system.slice/web.service")
    let worker = directory.makeDirectory("system.slice/web.service/pool/worker")
    let engine = directory.makeDirectory("engine/0a1b")
    var names = names()
    #expect(names.unit(of: web, at: start) == .found(.unit("web.service")))
    #expect(names.unit(of: worker, at: start) == .found(.unit("web.service")))
    #expect(names.unit(of: engine, at: start) == .found(.none))
    #expect(names.unit(of: directory.inode("."), at: start) == .found(.slice))
    #expect(names.readings == 1)
  }

  @Test func `a group that is not there is looked for once`() {
    directory.makeDirectory("system.slice")
    var names = names()
    for second in 0..<100 { #expect(names.unit(of: 1, at: start + .seconds(second)) == .notSeen) }
    #expect(names.readings == 1)
  }

  @Test func `ever new groups do not make it read without a pause`() {
    for number in 0..<50 { directory.makeDirectory("system.slice/\(number).service") }
    var names = names()
    #expect(names.unit(of: 1, at: start) == .notSeen)
    for id in 2..<1000 { #expect(names.unit(of: UInt64(id), at: start + .microseconds(id)) == .notReadYet) }
    #expect(names.readings == 1)
    #expect(names.unit(of: 2, at: start + .milliseconds(6)) == .notSeen)
    #expect(names.readings == 2)
  }

  @Test func `a group made later is found when the pause is over`() {
    var names = names()
    #expect(names.unit(of: 1, at: start) == .notSeen)
    let late = directory.makeDirectory("late.service")
    #expect(names.unit(of: late, at: start) == .notReadYet)
    #expect(names.unit(of: late, at: start + .seconds(1)) == .found(.unit("late.service")))
  }

  @Test func `a group that has gone keeps its name until the next reading`() {
    let web = directory.makeDirectory("web.service")
    var names = names()
    #expect(names.unit(of: web, at: start) == .found(.unit("web.service")))
    unsafe rmdir("\(directory.path)/web.service")
    #expect(names.unit(of: web, at: start + .seconds(1)) == .found(.unit("web.service")))
    #expect(names.unit(of: 1, at: start + .seconds(2)) == .notSeen)
    #expect(names.unit(of: web, at: start + .seconds(3)) == .notSeen)
  }

  @Test func `a unit with very many groups hides only its own`() {
    let honest = directory.makeDirectory("z.slice/z-y.slice/honest.service/worker")
    var greedy: [UInt64] = []
    for number in 0..<40 { greedy.append(directory.makeDirectory("greedy.service/\(number)/x")) }
    var names = names(groups: 60, groupsOfUnit: 20)
    #expect(names.unit(of: honest, at: start) == .found(.unit("honest.service")))
    let seen = greedy.count { names.unit(of: $0, at: start) == .found(.unit("greedy.service")) }
    #expect(seen < greedy.count)
  }

  @Test func `what was not found in a tree too large is looked for again`() {
    let deep = directory.makeDirectory("a.slice/b.slice/c.service")
    var names = names(groups: 2)
    #expect(names.unit(of: deep, at: start) == .notSeen)
    #expect(names.unit(of: deep, at: start + .seconds(5)) == .notSeen)
    #expect(names.readings == 1)
    #expect(names.unit(of: deep, at: start + .seconds(11)) == .notSeen)
    #expect(names.readings == 2)
  }

  @Test func `links are not followed`() {
    let inside = directory.makeDirectory("web.service")
    let outside = TemporaryDirectory()
    let foreign = outside.makeDirectory("foreign.service")
    unsafe symlink(outside.path, "\(directory.path)/link.slice")
    var names = names()
    #expect(names.unit(of: inside, at: start) == .found(.unit("web.service")))
    #expect(names.unit(of: foreign, at: start + .seconds(1)) == .notSeen)
  }

  @Test func `without a hierarchy there is no answer`() {
    var names = CgroupNames(root: nil)
    #expect(names.unit(of: 1, at: start) == .notMounted)
  }
}
