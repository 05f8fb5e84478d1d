import Foundation
import TestSupport
import Testing

/// An empty repository of real git.
struct GitRepository {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try git(["init", "-q", "-b", "main"])
  }

  /// Runs git in the repository, apart from the settings of whoever runs the tests, and requires its success.
  ///
  /// - Returns: what it printed, errors among it.
  @discardableResult
  func git(_ arguments: [String]) throws -> String { try execute(["git"] + arguments) }

  /// Runs a command in the repository and requires its success.
  @discardableResult
  func execute(_ command: [String]) throws -> String {
    let (status, text) = try outcome(command)
    try #require(status == 0, "\(command): \(text)")
    return text
  }

  /// Runs a command in the repository.
  func outcome(_ command: [String]) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GIT_") }
    for role in ["AUTHOR", "COMMITTER"] {
      environment["GIT_\(role)_NAME"] = "Test"
      environment["GIT_\(role)_EMAIL"] = "test@example.com"
    }
    environment["GIT_CONFIG_GLOBAL"] = "/dev/null"
    environment["GIT_CONFIG_SYSTEM"] = "/dev/null"
    process.environment = environment
    let output = Pipe()
    (process.standardOutput, process.standardError, process.standardInput) = (output, output, FileHandle.nullDevice)
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  /// The program beside the tests, under a path with a space in it.
  func program() throws -> String {
    let tools = folder.file("it's in here")
    try FileManager.default.createDirectory(atPath: tools, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: "\(tools)/memdiff", withDestinationPath: ChildProcess.path(of: "memdiff"))
    return "\(tools)/memdiff"
  }
}
