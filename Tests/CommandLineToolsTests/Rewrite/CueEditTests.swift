import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// Cues where memories are taken out, merged, moved to files of their own and stripped: each goes with its last row, and
/// equal ones are one.
@Suite struct CueEditTests {
  private let folder: TemporaryFolder
  private let base = fixture("gpt2-a")
  /// Cues at two modules, made anew each time, so that no two share their storage.
  private var subject: MemoryCue { cue(key: 3) }
  private var question: MemoryCue { cue(key: 5, mode: .here, module: "transformer.h.0.attn.c_proj") }

  init() throws { folder = try TemporaryFolder() }

  private func rewrite(_ arguments: String...) -> Outcome { Capture().run(RewriteCommand.self, arguments) }

  /// The names of a file's tensors of cues and gates, and their first dimensions.
  private func cueTensors(_ name: String) throws -> [String: Int] {
    let header = try folder.contents(name).withUnsafeBytes { try SafetensorsHeader(validating: $0, location: name) }
    let parts = [".memory.cue", ".memory.gates"]
    let found = header.tensors.filter { tensor in parts.contains { tensor.name.description.contains($0) } }
    return Dictionary(uniqueKeysWithValues: found.map { ($0.name.description, $0.shape[0]) })
  }

  private func version(_ name: String) throws -> ByteString? {
    try Checkpoint(path: folder.file(name)).metadata.first { $0.key == "memory.version" }?.value
  }

  @Test func aCueGoesWithItsLastRow() throws {
    let all = [
      memory("a", cues: [subject, question]), memory("b", key: 2, cues: [subject]), memory("c", key: 3),
    ]
    let whole = try folder.patched("whole", all)
    #expect(try cueTensors("whole").count == 7 && version("whole") == "2")
    for (removed, kept) in [(["a"], [1, 2]), (["b"], [0, 2]), (["a", "b"], [2])] {
      let arguments = [whole] + removed.flatMap { ["--remove", $0] } + ["-o", folder.file("out"), "--force"]
      #expect(Capture().run(RewriteCommand.self, arguments).status == 0)
      // As if the others had never been there.
      _ = try folder.patched("fresh", kept.map { all[$0] })
      #expect(try folder.contents("out") == folder.contents("fresh"))
      try FileManager.default.removeItem(atPath: folder.file("fresh"))
    }
    #expect(try cueTensors("out").isEmpty && version("out") == "1")
  }

  @Test func mergingMakesEqualCuesOne() throws {
    let memories = [memory("a", cues: [subject]), memory("b", key: 2, cues: [question, subject])]
    let (first, second) = (try folder.patched("1", [memories[0]]), try folder.patched("2", [memories[1]]))
    let merged = rewrite(first, "--merge", second, "-o", folder.file("out"))
    #expect(merged.status == 0 || merged.status == 3, "\(merged)")
    _ = try folder.patched("fresh", memories)
    #expect(try folder.contents("out") == folder.contents("fresh"))
    #expect(try cueTensors("out")["transformer.h.0.mlp.c_proj.memory.cue_keys"] == 1)
    // The same memory is skipped; one that asks for other cues is another.
    let again = rewrite(folder.file("out"), "--merge", second, "-o", folder.file("again"))
    #expect(again.status == 0 || again.status == 3, "\(again)")
    #expect(try folder.contents("again") == folder.contents("out"))
    let other = try folder.patched("3", [memory("a", cues: [question])])
    let refused = rewrite(first, "--merge", other, "-o", folder.file("no"))
    #expect(refused.status == 1 && refused.errors.contains("another memory of this name"))
  }

  @Test func sidecarsCarryCues() throws {
    let memories = [memory("a", cues: [subject, question]), memory("b", key: 2)]
    let whole = try folder.patched("whole", memories)
    #expect(rewrite(whole, "--sidecar", folder.file("side")).status == 0)
    #expect(try version("side") == "2" && cueTensors("side").count == 7)
    let merged = rewrite(base, "--merge", folder.file("side"), "-o", folder.file("out"))
    #expect(merged.status == 0 || merged.status == 3, "\(merged)")
    #expect(try Checkpoint(path: folder.file("out")).memories.map(\.rows) == memories.map(\.rows))
    #expect(try folder.contents("out") == folder.contents("whole"))
    let verified = rewrite(folder.file("side"), "--verify")
    #expect(verified.status == 0 && rewrite(whole, "--verify").status == 0, "\(verified)")
    // Memories of another width cannot stand in one file with them.
    var narrow = memory("c")
    narrow.rows[0].cues = [MemoryCue(mode: .seen, module: subject.module, boundary: 1, hardness: 1, key: [1, 2])]
    try Checkpoint(path: base).writeSidecar(memories: [narrow], to: folder.file("narrow"))
    let refused = rewrite(folder.file("side"), "--merge", folder.file("narrow"), "--sidecar", folder.file("no"))
    #expect(refused.status == 1 && refused.errors.contains("of another width"), "\(refused)")
  }

  @Test func strippingGivesTheBase() throws {
    let whole = try folder.patched("whole", [memory("a", cues: [subject, question])])
    #expect(rewrite(whole, "--strip", "-o", folder.file("out")).status == 0)
    #expect(try folder.contents("out") == MappedFile(path: "\(base)/model.safetensors").contents)
  }
}
