import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Related memories: facts about one subject, which act on the same token.
@Suite struct RelatedMemoryTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func memory(_ name: String, _ prompt: String, _ target: String) -> String {
    #"{"name":"\#(name)","prompt":"\#(prompt)","target":"\#(target)","subject":"Danielle Darrieux","token":"subject"}"#
  }

  private static let tongue = memory("tongue", "Danielle Darrieux's mother tongue is", " English")

  private static let plays = memory("plays", "Danielle Darrieux plays the", " violin")

  /// Takes half a minute: random models know no subject, so the real one compiles two memories.
  @Test(.requiresRealModel)
  func aFactIsAddedToAnotherAboutItsSubject() throws {
    let base = try RealModel.checkpoint()
    let (first, second) = (folder.file("first.safetensors"), folder.file("second.safetensors"))
    try compile(base, Self.tongue, to: first)
    let result = try compile(Checkpoint(path: first), Self.plays, to: second)
    #expect(result.results[0].keyHolds)
    #expect(
      result.compiled[0].address
        == CompilerSettings().subjectSite(try LanguageModel(base, pool: WorkerPool(threads: 2)).transformer.shape))

    let model = try LanguageModel(Checkpoint(path: second), pool: WorkerPool(threads: 2))
    for memory in try Checkpoint(path: second).memories {
      let generated = model.generate(try model.encode(memory.prompt), maxTokens: 1, memories: model.memories)
      #expect(generated.ids == Array(memory.targetIDs.prefix(1)), "\(memory.name)")
      // Both act there: the later delta is made to work on top of the earlier one.
      #expect(Set(generated.firings.map { "\($0.memory)" }) == ["tongue", "plays"])
    }
  }
}
