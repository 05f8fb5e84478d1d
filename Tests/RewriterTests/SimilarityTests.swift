import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// One formula: the report, `--trace`, `--explain` and the tables of the file tell the same similarity, to the bit.
@Suite struct SimilarityTests {
  @Test(arguments: TinyModel.all)
  func theReportedSimilarityIsTheOneThatFires(_ name: String) throws {
    let folder = try TemporaryFolder()
    let output = folder.file("out.safetensors")
    // The post's method and the compiler's own, at the last token, of both sites.
    let entries =
      SpecText.seed("s", site: "attn", layer: 0) + ","
      + SpecText.auto("a", extra: #","token":"last","target_tokens":"first""#).replacingOccurrences(
        of: "Nepal", with: "Japan")
    let result = try compile(TinyModel.checkpoint(name), entries, to: output)
    let model = try LanguageModel(path: output)
    for (memory, reported) in zip(try Checkpoint(path: output).memories, result.results) {
      let row = try #require(memory.rows.first)
      let address = try #require(model.transformer.address(ofModule: row.module))
      let explained = try Explanation(of: memory.name, in: Checkpoint(path: output), pool: WorkerPool(threads: 1))
      #expect(explained.cases.count == reported.prompts.count)
      for (prompt, told) in zip(reported.prompts, explained.cases) {
        let ids = try model.encode(prompt.prompt)
        // The tables of the file on the base model's activation.
        let run = BaseRun([ids], to: address, transformer: model.transformer)
        let region = MemoryRegion(row)
        let own = region.similarities(of: run.activations(address), rows: 0..<ids.count, to: row.key)
        #expect(prompt.similarity == own[ids.count - 1])
        #expect(told.nearest.similarity == own[told.nearest.token])
        // The trace of a run, where the memory acts alone: another's delta would change the activation.
        let alone = try MemorySet([memory], for: model.transformer)
        let traced = model.generate(ids, maxTokens: 1, memories: alone).firings.filter { $0.address == address }
        let acting = own.indices.filter { region.strength(similarity: own[$0]) > 0 }
        if memory.rows.count == 1 { #expect(traced.map(\.position) == acting) }
        for firing in traced where firing.position < ids.count {
          #expect(firing.similarity == own[firing.position])
          #expect(firing.strength == region.strength(similarity: firing.similarity))
        }
      }
    }
  }
}
