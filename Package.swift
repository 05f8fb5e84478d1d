// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "LocalMemory",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "rewrite", targets: ["rewrite"]),
    .executable(name: "run", targets: ["run"]),
    .executable(name: "memdiff", targets: ["memdiff"]),
    .executable(name: "local-memory", targets: ["local-memory"]),
    .library(name: "Format", targets: ["Format"]),
    .library(name: "Runtime", targets: ["Runtime"]),
    .library(name: "Rewriter", targets: ["Rewriter"]),
  ],
  targets: [
    .target(name: "Kernels"),
    .target(name: "SystemCalls"),
    .target(name: "Format", dependencies: ["Kernels", "SystemCalls"], swiftSettings: settings),
    .target(name: "Runtime", dependencies: ["Format", "Kernels"], swiftSettings: settings),
    .target(name: "Plots", dependencies: ["Kernels"], swiftSettings: settings),
    .target(
      name: "Rewriter", dependencies: ["Format", "Kernels", "Runtime", "Plots"], exclude: ["README.md"],
      swiftSettings: settings),
    .target(
      name: "CommandLineTools", dependencies: ["Format", "Runtime", "Rewriter", "SystemCalls"],
      resources: [.embedInCode("Rewrite/local_memory.py")], swiftSettings: settings),
    .executableTarget(
      name: "rewrite", dependencies: ["CommandLineTools"], swiftSettings: settings),
    .executableTarget(name: "run", dependencies: ["CommandLineTools"], swiftSettings: settings),
    .executableTarget(
      name: "memdiff", dependencies: ["CommandLineTools"], swiftSettings: settings),
    .executableTarget(
      name: "local-memory", dependencies: ["CommandLineTools"], swiftSettings: settings),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
    .testTarget(name: "FormatTests", dependencies: ["Format"], swiftSettings: settings),
    .target(name: "AllocationCounting", path: "Tests/AllocationCounting"),
    .testTarget(
      name: "RuntimeTests", dependencies: ["Runtime", "Format", "Kernels", "AllocationCounting", "TestSupport"],
      swiftSettings: settings),
    .testTarget(name: "PlotsTests", dependencies: ["Plots"], swiftSettings: settings),
    .testTarget(
      name: "RewriterTests", dependencies: ["Rewriter", "Runtime", "Format", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "CommandLineToolsTests",
      // The programs are run as such.
      dependencies: [
        "CommandLineTools", "Rewriter", "Runtime", "Format", "TestSupport", "rewrite", "run", "memdiff",
      ],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
