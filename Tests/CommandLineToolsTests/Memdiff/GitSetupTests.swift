import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// `memdiff --install-git` in repositories of real git, which calls the built program.
@Suite struct GitSetupTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try git("init", "-q")
  }

  /// Runs git in the repository, apart from the settings of whoever runs the tests.
  @discardableResult
  private func git(_ arguments: String...) throws -> String { try Self.execute(["git"] + arguments, in: folder.path) }

  private static func execute(_ command: [String], in folder: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
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
    try #require(process.terminationStatus == 0, "\(command): \(text)")
    return text
  }

  /// The program beside the tests, under a path with a space in it.
  private func program() throws -> String {
    let tools = folder.file("it's in here")
    try FileManager.default.createDirectory(atPath: tools, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: "\(tools)/memdiff", withDestinationPath: ChildProcess.path(of: "memdiff"))
    return "\(tools)/memdiff"
  }

  private func commit(_ memories: [Memory]) throws {
    try Checkpoint(path: fixture("gpt2-a")).write(memories: memories, to: folder.file("m.safetensors"), replacing: true)
    try git("add", "m.safetensors", ".gitattributes")
    try git("commit", "-qm", "memories")
  }

  private func setup() throws -> GitSetup {
    GitSetup(command: GitSetup.ownCommand(try program()), folder: folder.path)
  }

  @Test(arguments: [true, false])
  func diffAndLogTellMemories(_ isWritten: Bool) throws {
    let setup = try setup()
    if isWritten {
      _ = try setup.install()
    } else {
      _ = try Self.execute(["sh", "-ec", setup.instructions], in: folder.path)
    }
    try commit([memory("kept"), memory("nepal")])
    try commit([memory("kept"), memory("nepal", boundary: 0.5), memory("tokyo", key: 2)])
    // A damaged version in between must not end the log.
    try Data("no model".utf8).write(to: URL(fileURLWithPath: folder.file("m.safetensors")))
    try git("commit", "-qam", "damage")
    let diff = try git("diff", "HEAD~2", "HEAD~1").split(separator: "\n").map(String.init)
    #expect(diff.contains("-" + memoryLine(memory("nepal"))) && diff.contains(" " + memoryLine(memory("kept"))))
    #expect(diff.contains("+" + memoryLine(memory("nepal", boundary: 0.5))))
    #expect(diff.contains("+" + memoryLine(memory("tokyo", key: 2))))
    let log = try git("log", "-p")
    #expect(log.contains("\n+" + memoryLine(memory("kept")) + "\n") && log.contains("\n+base of "))
    #expect(log.contains("\n+cannot be read: this file: ") && log.components(separatedBy: "\ncommit ").count == 3)
    #expect(!log.contains("Binary files") && !diff.contains { $0.hasPrefix("Binary files") })
    #expect(try git("diff", "HEAD~2", "HEAD~2").isEmpty)
    // A change that is not committed is shown too.
    try git("checkout", "-q", "HEAD~2", "--", "m.safetensors")
    #expect(try git("diff", "HEAD").contains("\n+" + memoryLine(memory("nepal")) + "\n"))
  }

  @Test func difftoolCallsMemdiff() throws {
    _ = try setup().install()
    try commit([memory("nepal")])
    try commit([memory("nepal", boundary: 0.5)])
    let output = try git("difftool", "-y", "--tool", "memdiff", "HEAD~1", "HEAD")
    #expect(output.contains("~ nepal  boundary 0.25 → 0.5: reaches 2 × as far\nbase same, "))
    let first = try git(
      "difftool", "-y", "--tool", "memdiff", "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "HEAD", "--", "m.safetensors")
    #expect(first.contains("\n+ nepal  \"The capital"))
  }

  @Test func settingUpTwiceIsSettingUpOnce() throws {
    let setup = try setup()
    let attributes = URL(fileURLWithPath: folder.file(".gitattributes"))
    try Data("*.bin -text".utf8).write(to: attributes)
    let said = try setup.install()
    #expect(
      said.contains("diff.memories.textconv = ") && said.hasSuffix(".gitattributes: *.safetensors diff=memories\n"))
    #expect(try String(contentsOf: attributes, encoding: .utf8) == "*.bin -text\n*.safetensors diff=memories\n")
    let config = try git("config", "--local", "--list")
    #expect(try setup.install().hasSuffix(".gitattributes: nothing to add\n"))
    #expect(try String(contentsOf: attributes, encoding: .utf8) == "*.bin -text\n*.safetensors diff=memories\n")
    #expect(try git("config", "--local", "--list") == config)
    // A line that takes precedence is answered by another one behind it.
    try Data("*.safetensors diff=memories\n*.safetensors diff=lfs\n".utf8).write(to: attributes)
    #expect(try setup.install().hasSuffix(".gitattributes: *.safetensors diff=memories\n"))
    #expect(try git("check-attr", "diff", "--", "x.safetensors").hasSuffix(": memories\n"))
  }

  @Test func aFolderBelowTheTopIsOfTheRepository() throws {
    let below = folder.file("below")
    try FileManager.default.createDirectory(atPath: below, withIntermediateDirectories: true)
    _ = try GitSetup(command: "memdiff", folder: below).install()
    #expect(FileManager.default.fileExists(atPath: folder.file(".gitattributes")))
    #expect(try FileManager.default.contentsOfDirectory(atPath: below).isEmpty)
    #expect(try git("config", "diff.memories.textconv") == "memdiff --textconv\n")
  }

  @Test func withoutAWorkTreeItFailsInOneLine() throws {
    try git("init", "-q", "--bare", "bare")
    #expect {
      try GitSetup(command: "memdiff", folder: folder.file("bare")).install()
    } throws: {
      "\($0)".hasPrefix("git rev-parse: fatal: ") && !"\($0)".contains("\n")
    }
  }

  @Test func commandsAreQuotedForShells() {
    let outcome = run(MemdiffCommand.self, "--install-git")
    #expect(outcome.status == 0 && outcome.output.contains("echo '*.safetensors diff=memories' >> .gitattributes\n"))
    #expect(GitSetup.ownCommand("memdiff") == "memdiff")
    #expect(GitSetup.ownCommand("/a/b/../memdiff") == "/a/memdiff")
    #expect(GitSetup.ownCommand("/it's here/memdiff") == #"'/it'\''s here/memdiff'"#)
    #expect(GitSetup.ownCommand("./memdiff").hasSuffix("/memdiff") && !GitSetup.ownCommand("./memdiff").contains("./"))
  }
}
