import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Related memories: facts about one subject, which act on the same token.
@Suite struct RelatedMemoryTests {
  private static func memory(_ name: String, _ prompt: String, _ target: String) -> String {
    #"{"name":"\#(name)","prompt":"\#(prompt)","target":"\#(target)","subject":"Danielle Darrieux","token":"subject"}"#
  }

  private static let tongue = memory("tongue", "Danielle Darrieux's mother tongue is", " English")

  private static let plays = memory("plays", "Danielle Darrieux plays the", " violin")

  /// Takes ten seconds and more: random models know no subject, so the real one compiles two memories.
  @Test(.requiresRealModel)
  func aFactIsAddedToAnotherAboutItsSubject() throws {
    let base = try RealModel.checkpoint()
    var patched = base
    patched.memories = try compile(base, Self.tongue).compiled.map { $0.memory(scores: .null) }
    let result = try compile(patched, Self.plays)
    #expect(result.results[0].keyHolds)
    let model = try LanguageModel(base, pool: WorkerPool(threads: 2))
    #expect(result.compiled[0].address == CompilerSettings().subjectSite(model.transformer.shape))

    patched.memories += result.compiled.map { $0.memory(scores: .null) }
    let both = try MemorySet(patched.memories, for: model.transformer)
    for memory in patched.memories {
      let generated = model.generate(try model.encode(memory.prompt), maxTokens: 1, memories: both)
      #expect(generated.ids == Array(memory.targetIDs.prefix(1)), "\(memory.name)")
      // Both act there: the later delta is made to work on top of the earlier one.
      #expect(Set(generated.firings.map { "\($0.memory)" }) == ["tongue", "plays"])
    }
  }
}
