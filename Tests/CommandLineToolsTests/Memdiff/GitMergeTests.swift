import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// The merge driver of `memdiff --install-git` in repositories of real git, which calls the built program.
@Suite struct GitMergeTests {
  private let repository: GitRepository
  private var folder: TemporaryFolder { repository.folder }

  init() throws {
    repository = try GitRepository()
    _ = try GitSetup(command: GitSetup.ownCommand(repository.program()), folder: folder.path).install()
    // Not the files' own: it must not get into them.
    try folder.write("{}", to: "generation_config.json")
  }

  private func git(_ arguments: String...) throws -> String { try repository.git(arguments) }

  private func write(_ memories: [Memory], _ name: String = "m.safetensors", isSidecar: Bool = false) throws {
    let checkpoint = try Checkpoint(path: fixture("gpt2-a"))
    if isSidecar {
      try checkpoint.writeSidecar(memories: memories, to: folder.file(name), replacing: true)
    } else {
      try checkpoint.write(memories: memories, to: folder.file(name), replacing: true)
    }
  }

  private func commit(_ message: String) throws {
    _ = try git("add", "-A", ".")
    _ = try git("commit", "-qm", message)
  }

  private func memories(_ name: String = "m.safetensors") throws -> [Memory] {
    try Checkpoint(path: folder.file(name)).memories
  }

  /// Commits the first list, and the other two on branches of their own; ours is checked out.
  private func branch(
    _ base: [Memory], ours: [Memory], theirs: [Memory], isSidecar: Bool = false
  ) throws {
    try write(base, isSidecar: isSidecar)
    try commit("base")
    _ = try git("checkout", "-qb", "theirs")
    try write(theirs, isSidecar: isSidecar)
    try commit("theirs")
    _ = try git("checkout", "-q", "main")
    try write(ours, isSidecar: isSidecar)
    try commit("ours")
  }

  @Test(arguments: [false, true])
  func whatEachSideDidIsTaken(_ isSidecar: Bool) throws {
    let base = [memory("kept"), memory("gone here"), memory("gone there"), memory("here"), memory("there")]
    try branch(
      base,
      ours: [memory("new here"), memory("kept"), memory("gone there"), memory("here", boundary: 0.5), memory("there")],
      theirs: [memory("kept"), memory("gone here"), memory("here"), memory("there", cues: [cue()]), memory("new")],
      isSidecar: isSidecar)
    _ = try git("merge", "-q", "-m", "both", "theirs")
    let merged = try memories()
    #expect(merged.map(\.name) == ["new here", "kept", "here", "there", "new"])
    #expect(
      merged[2].rows == memory("here", boundary: 0.5).rows && merged[3].rows == memory("there", cues: [cue()]).rows)
    #expect(try git("status", "--porcelain").isEmpty)
    let file = folder.file("m.safetensors")
    #expect(run(RewriteCommand.self, file, "--verify").status == 0)
    // What a writer of these memories writes.
    let made = try folder.contents("m.safetensors")
    try write(merged, isSidecar: isSidecar)
    #expect(try folder.contents("m.safetensors") == made)
  }

  @Test func whatDoesNotGoTogetherIsAConflict() throws {
    let base = [memory("both"), memory("half"), memory("other half"), memory("kept")]
    try branch(
      base,
      ours: [memory("both", boundary: 0.5), memory("half", key: 2), memory("kept"), memory("new")],
      theirs: [memory("both", boundary: 0.6), memory("other half", key: 2), memory("kept"), memory("new", key: 4)])
    let ours = try folder.contents("m.safetensors")
    let merge = try repository.outcome(["git", "merge", "theirs"])
    #expect(merge.status == 1)
    #expect(
      merge.text.split(separator: "\n").filter { $0.hasPrefix("memdiff: ") } == [
        "memdiff: m.safetensors: memory both: changed on both sides, not alike",
        "memdiff: m.safetensors: memory half: changed on our side, removed on theirs",
        "memdiff: m.safetensors: memory new: added on both sides, not alike",
        "memdiff: m.safetensors: memory other half: removed on our side, changed on theirs",
      ])
    #expect(merge.text.contains("CONFLICT (content): Merge conflict in m.safetensors"))
    #expect(try folder.contents("m.safetensors") == ours)
    #expect(try git("status", "--porcelain") == "UU m.safetensors\n")
    #expect(try git("ls-files", "-u").split(separator: "\n").count == 3)
  }

  @Test func twoTargetsForOnePromptAreAConflict() throws {
    try branch([], ours: [memory("b")], theirs: [memory("c", key: 2, target: " Tokyo")])
    let merge = try repository.outcome(["git", "merge", "theirs"])
    #expect(merge.status == 1)
    #expect(merge.text.contains("memdiff: m.safetensors: memory c: gives the prompt of b another target\n"))
  }

  @Test func embeddedFilesAreOfTheSideThatChangedThem() throws {
    func file(_ name: String, _ memories: [Memory], _ generation: String?) throws -> String {
      let model = folder.file("model-\(name)")
      try FileManager.default.copyItem(atPath: fixture("gpt2-a"), toPath: model)
      if let generation { try folder.write(generation, to: "model-\(name)/generation_config.json") }
      try Checkpoint(path: model).write(memories: memories, to: folder.file(name))
      return folder.file(name)
    }
    let base = try file("base", [memory("m")], "{}")
    for (ours, theirs, kept) in [("{}", "{} ", "{} "), ("{} ", "{}", "{} "), ("{ }", "{ }", "{ }"), (" {}", nil, nil)] {
      let name = UUID().uuidString
      let a = try file("a" + name, [memory("m"), memory("n")], ours)
      let b = try file("b" + name, [memory("m"), memory("o")], theirs)
      let outcome = run(MemdiffCommand.self, "--merge-files", base, a, b)
      let merged = try Checkpoint(version: a)
      if let kept {
        #expect(outcome.status == 0 && merged.companion(.generationConfig) == Array(kept.utf8))
        #expect(merged.memories.map(\.name) == ["m", "n", "o"])
      } else {
        #expect(
          outcome.errors == "memdiff: \(b): embedded.generation_config.json: both sides changed the embedded files, "
            + "expected the same bytes\n")
        #expect(outcome.status == 2 && merged.memories.map(\.name) == ["m", "n"])
      }
    }
  }

  /// A file that one side gave another name, and a memory that it did.
  @Test func whatWasRenamedIsMerged() throws {
    try write([memory("a"), memory("b")])
    try commit("base")
    _ = try git("checkout", "-qb", "theirs")
    _ = try git("mv", "m.safetensors", "model.safetensors")
    try write([memory("a"), memory("renamed")], "model.safetensors")
    try commit("theirs")
    _ = try git("checkout", "-q", "main")
    try write([memory("a", boundary: 0.5), memory("b")])
    try commit("ours")
    _ = try git("merge", "-q", "-m", "both", "theirs")
    let merged = try memories("model.safetensors")
    #expect(merged.map(\.name) == ["a", "renamed"] && merged[0].rows[0].boundary == 0.5)
    #expect(try folder.names().filter { $0.hasSuffix(".safetensors") } == ["model.safetensors"])
  }

  @Test func aFileThatBothSidesAddedHasNoBase() throws {
    try commit("base")
    _ = try git("checkout", "-qb", "theirs")
    try write([memory("a"), memory("b")])
    try commit("theirs")
    _ = try git("checkout", "-q", "main")
    try write([memory("c"), memory("a")])
    try commit("ours")
    _ = try git("merge", "-q", "-m", "both", "theirs")
    #expect(try memories().map(\.name) == ["c", "a", "b"])
  }

  @Test func otherBasesAreNotMerged() throws {
    func file(_ name: String, _ memories: [Memory], isSidecar: Bool = false, base: String = "gpt2-a") throws -> String {
      let checkpoint = try Checkpoint(path: fixture(base))
      if isSidecar {
        try checkpoint.writeSidecar(memories: memories, to: folder.file(name))
      } else {
        try checkpoint.write(memories: memories, to: folder.file(name))
      }
      return folder.file(name)
    }
    let (base, a) = (try file("o", [memory("m")]), try file("a", [memory("m"), memory("n")]))
    let bytes = try folder.contents("a")
    for (other, said) in [
      (try file("b", [], base: "llama-a"), ": its base tensors are others, expected the same, got "),
      (
        try file("s", [memory("m")], isSidecar: true),
        ": is of another kind, expected a whole model, got memories alone"
      ),
      (try folder.write("no model", to: "t"), ": "),
    ] {
      let outcome = run(MemdiffCommand.self, "--merge-files", base, a, other, "--label", "x")
      #expect(outcome.status == 2 && outcome.output.isEmpty && outcome.errorLines.count == 1)
      #expect(outcome.errors.hasPrefix("memdiff: ") && outcome.errors.contains(said), "\(outcome.errors)")
      #expect(try folder.contents("a") == bytes)
    }
    let (one, two) = (
      try file("s1", [memory("m")], isSidecar: true), try file("s2", [memory("m")], isSidecar: true, base: "gpt2-b")
    )
    #expect(run(MemdiffCommand.self, "--merge-files", "/dev/null", one, two).errors.contains("made for another base"))
    #expect(run(MemdiffCommand.self, "--merge-files", base, a).errors.contains("B is missing"))
  }
}
