// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// Every Swift target is built alike: Swift 6, what the next language mode will require, strict memory safety, and no warning left behind.
let house: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableExperimentalFeature("Lifetimes"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// Executables carry the Swift runtime in themselves, and the unwinder, so that they start in milliseconds and need nothing but C
/// libraries. The linker of the Swift toolchain packs their relocations, which is half a megabyte of memory less, and keeps constants
/// where nothing can be written, which is nearly one more. Their symbols are for debuggers: half a megabyte of names that nobody looks up
/// while they run is left out.
let selfContained: [LinkerSetting] = [
  .unsafeFlags([
    "-static-stdlib", "-use-ld=lld", "-Xclang-linker", "-static-libgcc", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
    "-Xlinker", "--script=\(Context.packageDirectory)/Sources/posthoused/sections.ld", "-Xlinker", "--no-export-dynamic",
  ])
]

/// What the linker reads of the daemon's folder, for every program.
let linkerScripts = ["sections.ld"]

/// Rooms whose tests live through thousands of random histories are optimized in a debug build too: ten times as many in the same time.
let quick = house + [.unsafeFlags(["-O"], .when(configuration: .debug))]

func room(_ name: String, _ uses: [String] = [], _ settings: [SwiftSetting] = house) -> Target {
  .target(name: name, dependencies: uses.map { .byName(name: $0) }, swiftSettings: settings)
}

func shim(_ name: String) -> Target {
  .target(name: name, cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])])
}

func program(_ name: String, _ uses: [String], beside others: [String] = []) -> Target {
  .executableTarget(
    name: name, dependencies: uses.map { .byName(name: $0) }, exclude: others, swiftSettings: house, linkerSettings: selfContained)
}

/// A program in C that the benchmarks measure with or against.
func yardstick(_ name: String) -> Target {
  .executableTarget(name: name, dependencies: ["CBenchWire"], cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])])
}

func support(_ name: String, _ uses: [String], _ settings: [SwiftSetting] = house) -> Target {
  .target(
    name: name, dependencies: uses.map { .byName(name: $0) }, path: "Tests/\(name)", swiftSettings: settings)
}

func tests(_ name: String, _ uses: [String], beside others: [String] = []) -> Target {
  .testTarget(name: name, dependencies: uses.map { .byName(name: $0) }, exclude: others, swiftSettings: house)
}

let package = Package(
  name: "posthouse",
  targets: [
    // C: one shim for each library, and two for what Swift cannot say.
    shim("COctets"),
    shim("CLinux"),
    .target(name: "COpenSSL", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    .target(name: "CCares", linkerSettings: [.linkedLibrary("cares")]),
    .target(name: "CSystemd", linkerSettings: [.linkedLibrary("systemd")]),

    // 0 pure
    room("Octets", ["COctets"], quick),
    room("Timekeeping"),
    // 1 pure
    room("TLSTerms", ["Timekeeping"]),
    room("Mail", ["Octets", "Timekeeping"], quick),
    room("Settings", ["Octets", "Timekeeping"]),
    room("Varlink", ["Octets"]),
    // 2 pure
    room("SMTP", ["Octets", "Timekeeping", "Mail", "Settings", "Varlink"]),
    room("Policy", ["Octets", "Mail", "Settings"]),
    room("Scheduling", ["Octets", "Timekeeping", "Mail"]),
    room("Telemetry", ["Octets", "Timekeeping", "Mail"]),
    // 3 system
    room("LinuxSystem", ["CLinux", "Octets", "Timekeeping"]),
    room("TLS", ["COpenSSL", "Octets", "Timekeeping", "TLSTerms"]),
    // 4
    room("EventLoop", ["CLinux", "Octets", "Timekeeping", "TLSTerms", "LinuxSystem"], quick),
    // 5
    room("TLSTransport", ["Octets", "Timekeeping", "TLSTerms", "LinuxSystem", "TLS", "EventLoop"]),
    room("Resolver", ["CCares", "Octets", "Timekeeping", "LinuxSystem", "EventLoop"]),
    room("Secrets", ["Octets", "Timekeeping", "LinuxSystem", "Settings", "SMTP"]),
    room("ServiceManager", ["CSystemd", "LinuxSystem", "Timekeeping"]),
    room("Spool", ["Octets", "Timekeeping", "Mail", "LinuxSystem", "EventLoop"], quick),
    // 6 drivers
    room(
      "Submission",
      [
        "Octets", "Timekeeping", "Mail", "Settings", "SMTP", "Policy", "Telemetry", "LinuxSystem", "TLS", "EventLoop", "TLSTransport",
        "Spool",
      ]),
    room(
      "Delivery",
      [
        "Octets", "Timekeeping", "Mail", "Settings", "SMTP", "Policy", "Scheduling", "Telemetry", "LinuxSystem", "TLSTerms", "TLS",
        "EventLoop", "TLSTransport", "Resolver", "Secrets", "Spool",
      ]),
    room("Control", ["Octets", "Timekeeping", "Mail", "Varlink", "SMTP", "LinuxSystem", "EventLoop"]),
    // 7
    room(
      "Relay",
      [
        "Octets", "Timekeeping", "Mail", "Settings", "Varlink", "SMTP", "Telemetry", "LinuxSystem", "EventLoop", "Resolver", "Secrets",
        "ServiceManager", "Spool", "Submission", "Delivery", "Control", "TLS",
      ]),
    // 8
    program(
      "posthoused",
      [
        "Octets", "Timekeeping", "Settings", "Varlink", "Telemetry", "LinuxSystem", "EventLoop", "Resolver", "Secrets", "ServiceManager",
        "Submission", "TLS", "Relay",
      ], beside: linkerScripts),
    program("posthouse", ["Octets", "Timekeeping", "Mail", "Settings", "Varlink", "SMTP", "LinuxSystem", "Secrets", "Spool", "Control"]),

    // Benchmarks: what hands mail in and takes it, and the least that a relay can cost.
    .target(
      name: "CBenchWire", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
      linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    program("posthouse-bench", ["Octets", "Timekeeping", "Mail", "Varlink", "LinuxSystem", "EventLoop", "Spool", "Harness"]),
    yardstick("bare-ceiling"),
    yardstick("bench-peer"),

    // Help for the tests.
    support("Simulation", ["Octets", "Timekeeping", "LinuxSystem", "EventLoop", "Resolver"], quick),
    .target(
      name: "Dialogues", dependencies: ["SMTP", "Mail", "Octets", "Timekeeping"], path: "Tests/Dialogues", exclude: ["server", "upstream"],
      swiftSettings: house),
    .target(
      name: "FuzzTargets", dependencies: ["Dialogues", "SMTP", "Mail", "Octets", "Timekeeping"], path: "Tests/FuzzTargets",
      exclude: ["corpus", "words.dict"], swiftSettings: house),
    support("Harness", ["CLinux", "LinuxSystem", "Varlink"]),

    tests("OctetsTests", ["Octets", "COctets"]),
    tests("TimekeepingTests", ["Timekeeping"]),
    tests("MailTests", ["Mail", "Octets", "Timekeeping"]),
    tests("SettingsTests", ["Settings", "Octets", "Timekeeping"]),
    tests("VarlinkTests", ["Varlink", "Octets"]),
    tests("SMTPTests", ["SMTP", "Mail", "Settings", "Octets", "Timekeeping", "Dialogues"]),
    tests("PolicyTests", ["Policy", "Mail", "Octets", "Settings"]),
    tests("SchedulingTests", ["Scheduling", "Mail", "Octets", "Timekeeping"]),
    tests("TelemetryTests", ["Telemetry", "Mail", "Octets", "Timekeeping"]),
    tests("LinuxSystemTests", ["LinuxSystem", "Octets", "Timekeeping"]),
    tests("TLSTests", ["TLS", "TLSTerms", "TLSTransport", "Octets", "Timekeeping", "LinuxSystem", "EventLoop", "Simulation"]),
    tests("EventLoopTests", ["EventLoop", "LinuxSystem", "Octets", "Timekeeping", "Simulation"]),
    tests("ResolverTests", ["Resolver", "EventLoop", "LinuxSystem", "Octets", "Timekeeping", "Simulation"]),
    tests("SecretsTests", ["Secrets", "Settings", "SMTP", "LinuxSystem", "Octets", "Timekeeping"]),
    tests("ServiceManagerTests", ["ServiceManager", "LinuxSystem", "Timekeeping"]),
    tests("PosthouseTests", ["Harness", "Varlink", "Octets"]),
    tests(
      "SubmissionTests",
      [
        "Submission", "SMTP", "Mail", "Policy", "Settings", "Spool", "Telemetry", "TLS", "TLSTransport", "EventLoop", "LinuxSystem",
        "Octets", "Timekeeping", "Simulation", "Dialogues", "FuzzTargets", "Harness",
      ]),
    .testTarget(
      name: "SpoolTests", dependencies: ["Spool", "Mail", "EventLoop", "LinuxSystem", "Octets", "Timekeeping", "Simulation"],
      exclude: ["spool_reader.py"], swiftSettings: quick),
    tests(
      "DeliveryTests",
      [
        "Delivery", "Octets", "Timekeeping", "Mail", "Settings", "Telemetry", "LinuxSystem", "TLS", "TLSTransport", "EventLoop", "Resolver",
        "Secrets", "Spool", "Simulation", "Dialogues",
      ]),
    tests("ControlTests", ["Control", "Mail", "Octets", "Timekeeping", "Varlink", "LinuxSystem", "EventLoop", "Simulation"]),
    tests(
      "RelayTests",
      [
        "Relay", "Octets", "Timekeeping", "Mail", "Settings", "Varlink", "Telemetry", "LinuxSystem", "EventLoop", "Resolver", "Secrets",
        "ServiceManager", "Spool", "Simulation", "Control",
      ]),
    .testTarget(name: "ClientTests", dependencies: ["Harness", "Varlink"], exclude: ["clients"], swiftSettings: house),
    tests("FuzzTests", ["FuzzTargets"]),
    tests("HarnessTests", ["Harness", "LinuxSystem", "Varlink"]),
    tests("TidyTests", ["Harness"]),
    tests("BudgetTests", ["Harness"]),
    tests("EndToEndTests", ["Harness", "LinuxSystem", "Octets", "Varlink"], beside: ["report_reader.py"]),
    tests("UpstreamTests", ["Harness", "Varlink"]),
    tests("CrashTests", ["Harness", "LinuxSystem", "Varlink"]),
  ],
  swiftLanguageModes: [.v6]
)

// The program for libFuzzer links only with its runtime, so that nothing but `make fuzz` builds it.
if Context.environment["POSTHOUSE_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(name: "Fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz", swiftSettings: house))
}
