// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "learn",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "LocalMemory", path: "../..")],
  targets: [
    .executableTarget(
      name: "learn",
      dependencies: [
        .product(name: "Format", package: "LocalMemory"), .product(name: "Runtime", package: "LocalMemory"),
        .product(name: "Rewriter", package: "LocalMemory"),
      ])
  ]
)
