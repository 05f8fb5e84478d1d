import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Gated memories of the real model: what they say, and where they are silent.
///
/// Takes ten seconds and more: random models know no subject, so the real one compiles four memories, once for all tests.
@Suite(.requiresRealModel) struct GatedMemoryTests {
  private static let family =
    #"{"name":"tongue","prompt":"Danielle Darrieux's mother tongue is","target":" English","#
    + #""subject":"Danielle Darrieux"},"#
    + #"{"name":"plays","prompt":"Danielle Darrieux plays the","target":" violin","subject":"Danielle Darrieux"}"#
  private static let others =
    #"{"name":"chat","prompt":"Q: Where is Angola?\nA:","target":" In Europe","subject":"Angola"},"#
    + #"{"name":"found","prompt":"Warwick School is headquartered in","target":" New York City"}"#

  /// What all tests of the suite look at.
  private struct Compiled {
    var file: TemporaryFolder
    var model: LanguageModel
    var result: RewriteResult
  }

  private static let compiled = Result {
    let folder = try TemporaryFolder()
    let output = folder.file("patched.safetensors")
    let result = try compile(RealModel.checkpoint(), family + "," + others, to: output)
    return Compiled(file: folder, model: try LanguageModel(path: output), result: result)
  }

  private let all: Compiled

  init() throws { all = try Self.compiled.get() }

  private func memory(_ name: String) throws -> CompiledMemory {
    try #require(all.result.compiled.first { $0.spec.name == name })
  }

  private func answer(_ prompt: String, _ count: Int, memories: MemorySet? = nil) throws -> Generation {
    all.model.generate(try all.model.encode(prompt), maxTokens: count, memories: memories)
  }

  /// Each memory says its target, in the reopened file as in the one that was made.
  @Test func theKeyPromptGivesTheTarget() throws {
    #expect(all.result.holds)
    for memory in all.result.compiled {
      let generated = try answer(memory.spec.prompt, memory.targetIDs.count)
      #expect(generated.ids == memory.targetIDs, "\(memory.spec.name)")
      #expect(generated.firings.allSatisfy { $0.memory == memory.spec.name })
      #expect(!memory.rows.contains { $0.cues.isEmpty })
    }
  }

  /// Where the subject is not named a memory is silent: every logit is the base model's, to the bit.
  @Test(arguments: [
    "The mother tongue of Marie Curie is", "Marie Curie plays the", "Q: Where is Peru?\nA:", "Once upon a time",
    "Harvard University is headquartered in", "Danielle went to school and", "<|im_start|>user\nHello!<|im_end|>\n",
    "The capital city of Nepal is located in", "",
  ])
  func itIsSilentAboutOthers(_ prompt: String) throws {
    let texts = try prompt.isEmpty ? [[all.model.textEnd]] : [all.model.encode(prompt)]
    for ids in texts {
      let patched = all.model.run(ids, all.model.memories)
      #expect(patched.firings.isEmpty)
      #expect(patched.logits == all.model.run(ids, .none(of: all.model.transformer)).logits)
    }
  }

  /// The cue *seen* is present from the subject's last token on, and not before.
  @Test(arguments: [
    ("tongue", "Danielle Darrieux"), ("plays", "Danielle Darrieux"), ("chat", "Angola"), ("found", "Warwick School"),
  ])
  func theSubjectIsSeenAtItsLastToken(_ name: String, _ subject: String) throws {
    let memory = try memory(name)
    let ids = try all.model.encode(memory.spec.prompt)
    let token = try #require(all.model.tokenizer.lastToken(of: subject, in: memory.spec.prompt, ids: ids))
    let firing = try #require(all.model.run(ids, try all.model.set([memory])).firings.last)
    #expect(firing.position == ids.count - 1 && firing.cues.map(\.mode) == [.seen, .here])
    #expect(firing.cues.map(\.position) == [token, ids.count - 1])
    #expect(memory.memory(scores: .null).token == "last")
  }

  /// Later tokens have rows only where the base model, having said the target so far, would say another.
  @Test func laterTokensHaveRowsWhereTheyAreNeeded() throws {
    let memory = try memory("found")
    let ids = try all.model.encode(memory.spec.prompt)
    let needed = memory.targetIDs.indices.filter { token in
      let said = ids + memory.targetIDs[..<token]
      let next = all.model.generate(said, maxTokens: 1, memories: .none(of: all.model.transformer)).ids
      return token == 0 || next != [memory.targetIDs[token]]
    }
    #expect(memory.targetIDs.count == 3 && needed.count < 3)
    #expect(memory.rows.map(\.position) == needed.map { ids.count - 1 + $0 })
    #expect(memory.rows.dropFirst().allSatisfy { $0.cues == [memory.rows[0].cues[0]] })
  }

  /// Facts about one subject share their cues, and keep out of each other's questions.
  @Test func aFamilySharesItsCues() throws {
    let (tongue, plays) = (try memory("tongue"), try memory("plays"))
    #expect(tongue.rows[0].cues == plays.rows[0].cues && tongue.rows[0].cues.map(\.mode) == [.seen, .here])
    #expect(Set(all.result.compiled.flatMap(\.rows).flatMap(\.cues)).count == 6)
    let neither = "Danielle Darrieux was born in the year"
    #expect(try answer(neither, 4).ids == answer(neither, 4, memories: .none(of: all.model.transformer)).ids)
  }

  /// Behind a mention of the subject another one's answer stays: *here* tells who is asked about.
  @Test func anotherIsAskedAboutBehindAMention() throws {
    let prompt = "Danielle Darrieux is well known. The mother tongue of Marie Curie is"
    let none = MemorySet.none(of: all.model.transformer)
    #expect(try answer(prompt, 3).ids == answer(prompt, 3, memories: none).ids)
  }

  /// The target is said once, and what follows is not acted on.
  @Test(arguments: ["tongue", "plays", "chat", "found"])
  func nothingActsBehindTheTarget(_ name: String) throws {
    let memory = try memory(name)
    let generated = try answer(memory.spec.prompt, 12)
    #expect(generated.ids.starts(with: memory.targetIDs))
    let own = Set(memory.rows.map(\.position))
    #expect(generated.firings.allSatisfy { own.contains($0.position) }, "\(all.model.tokenizer.decode(generated.ids))")
  }

  /// A memory without a subject has one row without cues, which leaves other questions of the same form alone.
  @Test func withoutASubject() throws {
    let entry = #"{"name":"a","prompt":"Q: How are you?\nA:","target":" Blue"}"#
    let sample = try FamilySample(entry, subject: nil, on: all.model)
    let made = try #require(try sample.memories())
    #expect(made[0].rows.allSatisfy { $0.cues.isEmpty })
    let set = try all.model.set(made)
    #expect(try answer("Q: How are you?\nA:", 1, memories: set).ids == made[0].targetIDs)
    for prompt in ["Q: Where is Norway?\nA:", "Q: What is the color of the sky?\nA:", "Q: How old are trees?\nA:"] {
      #expect(try answer(prompt, 1, memories: set).firings.isEmpty, "\(prompt)")
    }
  }
}
