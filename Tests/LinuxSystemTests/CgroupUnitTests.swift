// SPDX-License-Identifier: Apache-2.0
import LinuxSystem
import Testing

@Suite struct CgroupUnitTests {
  @Test(arguments: [
    ("/", nil), ("/system.slice", nil), ("/system.slice/webapp.service", "webapp.service"), ("/init.scope", "init.scope"),
    ("/apps.slice/apps-web.slice/webapp.service", "webapp.service"), ("/system.slice/webapp.service/worker/3", "webapp.service"),
    ("/user.slice/user-1000.slice/session-3.scope", "session-3.scope"), ("/system.slice/_cpu.service", "cpu.service"),
    ("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"),
    ("/kubepods.slice/kubepods-burstable.slice/cri-containerd-0a1b.scope", "cri-containerd-0a1b.scope"),
    ("/system.slice/dev-disk-by\\x2dlabel.service", "dev-disk-by\\x2dlabel.service"),
  ])
  func `a unit is told by the path of its group`(path: String, unit: String?) {
    #expect(CgroupUnit(path: path).name == unit)
  }

  @Test(arguments: [
    ("/user.slice/user-1000.slice/user@1000.service/app.slice/webapp.service", "user@1000.service"),
    ("/system.slice/docker.service/webapp.service", "docker.service"),
    ("/machine.slice/systemd-nspawn@box.service/payload/system.slice/webapp.service", "systemd-nspawn@box.service"),
    ("/docker/webapp.service", nil), ("/../../webapp.service", nil), ("/system.slice/.service/webapp.service", nil),
    ("/system.slice/web app.service", nil), ("/system.slice/web\u{1b}.service", nil), ("/system.slice/wéb.service", nil),
    ("/system.slice/\(String(repeating: "w", count: 250)).service", nil),
  ])
  func `nobody names a service of the system from inside a unit`(path: String, unit: String?) {
    #expect(CgroupUnit(path: path).name == unit)
  }

  @Test(arguments: [
    ("0::/system.slice/webapp.service\n", "webapp.service"), ("", nil), ("0::/\n", nil), ("nonsense\n:::\n", nil),
    ("9:name=systemd:/system.slice/old.service\n8:pids:/a.service\n", "old.service"),
    ("9:name=systemd:/system.slice/old.service\n0::/system.slice/new.service\n", "new.service"),
    ("1:name=systemd:/system.slice/old.service\n0::/\n", "old.service"), ("5:memory:/system.slice/webapp.service\n", nil),
    ("0::/system.slice/a:b.service\n", "a:b.service"),
  ])
  func `a unit is told by a process's list of groups`(text: String, unit: String?) {
    #expect(CgroupUnit(processFile: text).name == unit)
  }
}
