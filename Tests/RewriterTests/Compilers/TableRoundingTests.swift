import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Tables of BF16: what is measured and what is written are the rounded numbers.
@Suite struct TableRoundingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(
    _ base: Checkpoint, _ entry: String, to output: String?, table: Dtype?
  ) throws -> RewriteResult {
    try Pipeline(base, pool: WorkerPool(threads: 2)).run(
      RewriteRequest(spec: Spec(entries: entry), output: output, replacing: true, table: table))
  }

  private func vectors(_ memories: [Memory]) -> [TableVector] {
    memories.flatMap(\.rows).flatMap { [$0.storedKey, $0.storedDelta] + $0.cues.map(\.storedKey) }
  }

  @Test(arguments: ["gpt2-a", "llama-b"])
  func theFileHasTheRoundedRows(_ name: String) throws {
    let (whole, half) = (folder.file("whole.safetensors"), folder.file("half.safetensors"))
    let base = try TinyModel.checkpoint(name)
    let entry = SpecText.auto("a", extra: SpecText.subject)
    let first = try run(base, entry, to: whole, table: .f32)
    let second = try run(base, entry, to: half, table: .bf16)
    #expect(first.holds && second.holds && second.table == .bf16 && second.unrounded.isEmpty)
    let (wide, narrow) = (try Checkpoint(path: whole).memories, try Checkpoint(path: half).memories)
    #expect(vectors(wide).allSatisfy { $0.dtype == .f32 } && vectors(narrow).allSatisfy { $0.dtype == .bf16 })
    #expect(vectors(narrow) == vectors(wide).map(\.rounded))
    #expect(second.compiled[0].rows == narrow[0].rows)
  }

  /// Beside memories of BF16, new ones are too, unless told otherwise; beside others they are not.
  @Test func newMemoriesKeepTheDtypeOfTheTables() throws {
    let (first, second) = (folder.file("1.safetensors"), folder.file("2.safetensors"))
    let base = try TinyModel.checkpoint("gpt2-a")
    let entry = SpecText.seed("b", layer: 2, prompt: "Once upon a time there was")
    for (table, wanted, expected) in [
      (Dtype.bf16, Dtype?.none, Dtype.bf16), (.bf16, .f32, .f32), (.f32, nil, .f32), (.f32, .bf16, .bf16),
    ] {
      _ = try run(base, SpecText.seed("a"), to: first, table: table)
      let result = try run(Checkpoint(path: first), entry, to: second, table: wanted)
      #expect(result.table == expected)
      let memories = try Checkpoint(path: second).memories
      #expect(vectors([memories[0]]) == vectors(try Checkpoint(path: first).memories))
      #expect(vectors([memories[1]]).allSatisfy { $0.dtype == expected })
    }
  }

  /// A region so narrow that the rounded key is outside: the memory stays as it was made, and is named.
  @Test func whatRoundingWouldLoseStaysWhole() throws {
    let output = folder.file("out.safetensors")
    let narrow =
      #"{"name":"narrow","prompt":"\#(SpecText.prompt)","target":" Tokyo","method":"seed","boundary":1e-5,"hardness":3}"#
    let other = SpecText.seed("b", layer: 2, prompt: "Once upon a time there was")
    let result = try run(TinyModel.checkpoint("gpt2-a"), narrow + "," + other, to: output, table: .bf16)
    #expect(result.results[0].keyHolds && result.unrounded == ["narrow"])
    #expect(TextReport(result).text.contains("note: in BF16 narrow would lose the target"))
    let memories = try Checkpoint(path: output).memories
    #expect(vectors([memories[0]]).allSatisfy { $0.dtype == .f32 })
    #expect(vectors([memories[1]]) == vectors([memories[1]]).map(\.rounded))
  }
}
