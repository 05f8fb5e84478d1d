import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// `memdiff --install-git` in repositories of real git, which calls the built program.
@Suite struct GitSetupTests {
  private let repository: GitRepository
  private var folder: TemporaryFolder { repository.folder }

  init() throws { repository = try GitRepository() }

  /// Runs git in the repository.
  @discardableResult
  private func git(_ arguments: String...) throws -> String { try repository.git(arguments) }

  private func commit(_ memories: [Memory]) throws {
    try Checkpoint(path: fixture("gpt2-a")).write(memories: memories, to: folder.file("m.safetensors"), replacing: true)
    try git("add", "m.safetensors", ".gitattributes")
    try git("commit", "-qm", "memories")
  }

  private func setup() throws -> GitSetup {
    GitSetup(command: GitSetup.ownCommand(try repository.program()), folder: folder.path)
  }

  @Test(arguments: [true, false])
  func diffAndLogTellMemories(_ isWritten: Bool) throws {
    let setup = try setup()
    if isWritten {
      _ = try setup.install()
    } else {
      _ = try repository.execute(["sh", "-ec", setup.instructions])
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
      said.contains("diff.memories.textconv = ")
        && said.hasSuffix(".gitattributes: *.safetensors diff=memories merge=memories\n"))
    #expect(
      try String(contentsOf: attributes, encoding: .utf8) == "*.bin -text\n*.safetensors diff=memories merge=memories\n"
    )
    let config = try git("config", "--local", "--list")
    #expect(try setup.install().hasSuffix(".gitattributes: nothing to add\n"))
    #expect(
      try String(contentsOf: attributes, encoding: .utf8) == "*.bin -text\n*.safetensors diff=memories merge=memories\n"
    )
    #expect(try git("config", "--local", "--list") == config)
    // A line that takes precedence is answered by another one behind it.
    try Data("*.safetensors diff=memories\n*.safetensors diff=lfs\n".utf8).write(to: attributes)
    #expect(try setup.install().hasSuffix(".gitattributes: *.safetensors diff=memories merge=memories\n"))
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
    #expect(
      outcome.status == 0
        && outcome.output.contains("echo '*.safetensors diff=memories merge=memories' >> .gitattributes\n"))
    #expect(GitSetup.ownCommand("memdiff") == "memdiff")
    #expect(GitSetup.ownCommand("/a/b/../memdiff") == "/a/memdiff")
    #expect(GitSetup.ownCommand("/it's here/memdiff") == #"'/it'\''s here/memdiff'"#)
    #expect(GitSetup.ownCommand("./memdiff").hasSuffix("/memdiff") && !GitSetup.ownCommand("./memdiff").contains("./"))
  }
}
