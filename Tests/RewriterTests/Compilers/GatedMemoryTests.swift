import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Gated memories of the real model: what they say, and where they are silent.
///
/// Takes ten seconds and more: random models know no subject, so the real one compiles four memories once for all
/// tests, and three more.
@Suite(.requiresRealModel) struct GatedMemoryTests {
  private static let family =
    #"{"name":"tongue","prompt":"Danielle Darrieux's mother tongue is","target":" English","#
    + #""subject":"Danielle Darrieux"},"#
    + #"{"name":"plays","prompt":"Danielle Darrieux plays the","target":" violin","subject":"Danielle Darrieux"}"#
  private static let others =
    #"{"name":"chat","prompt":"Q: Where is Angola?\nA:","target":" In Europe","subject":"Angola"},"#
    + #"{"name":"found","prompt":"Warwick School is headquartered in","target":" New York City"}"#

  /// What all tests of the suite look at.
  private struct Compiled: Sendable {
    var folder: TemporaryFolder
    var result: RewriteResult
    var output: String { folder.file("patched.safetensors") }
  }

  private static let compiled = Result {
    let folder = try TemporaryFolder()
    let result = try compile(
      RealModel.checkpoint(), family + "," + others, to: folder.file("patched.safetensors"))
    return Compiled(folder: folder, result: result)
  }

  private let all: Compiled
  private let model: LanguageModel

  init() throws {
    all = try Self.compiled.get()
    model = try LanguageModel(path: all.output)
  }

  private func memory(_ name: String) throws -> CompiledMemory {
    try #require(all.result.compiled.first { $0.spec.name == name })
  }

  private func answer(_ prompt: String, _ count: Int, memories: MemorySet? = nil) throws -> Generation {
    model.generate(try model.encode(prompt), maxTokens: count, memories: memories)
  }

  /// Each memory says its target, in the reopened file as in the one that was made.
  @Test func theKeyPromptGivesTheTarget() throws {
    #expect(all.result.holds)
    for memory in all.result.compiled {
      let generated = try answer(memory.spec.prompt, memory.targetIDs.count)
      #expect(generated.ids == memory.targetIDs, "\(memory.spec.name)")
      // At the prompt's last token others may act a little, and this one does.
      let own = generated.firings.filter { $0.position == generated.promptIDs.count - 1 }
      #expect(own.max { $0.strength < $1.strength }?.memory == memory.spec.name)
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
    let texts = try prompt.isEmpty ? [[model.textEnd]] : [model.encode(prompt)]
    for ids in texts {
      let patched = model.run(ids, model.memories)
      #expect(patched.firings.isEmpty)
      #expect(patched.logits == model.run(ids, .none(of: model.transformer)).logits)
    }
  }

  /// The cue *seen* is present from the subject's last token on, and not before.
  @Test(arguments: [
    ("tongue", "Danielle Darrieux"), ("plays", "Danielle Darrieux"), ("chat", "Angola"), ("found", "Warwick School"),
  ])
  func theSubjectIsSeenAtItsLastToken(_ name: String, _ subject: String) throws {
    let memory = try memory(name)
    let ids = try model.encode(memory.spec.prompt)
    let token = try #require(model.tokenizer.lastToken(of: subject, in: memory.spec.prompt, ids: ids))
    let firing = try #require(model.run(ids, try model.set([memory])).firings.last)
    #expect(firing.position == ids.count - 1 && firing.cues.map(\.mode) == [.seen, .here])
    #expect(firing.cues.map(\.position) == [token, ids.count - 1])
    #expect(memory.memory(scores: .null).token == "last")
  }

  /// Later tokens have rows only where the base model, having said the target so far, would say another.
  @Test func laterTokensHaveRowsWhereTheyAreNeeded() throws {
    let memory = try memory("found")
    let ids = try model.encode(memory.spec.prompt)
    let needed = memory.targetIDs.indices.filter { token in
      let said = ids + memory.targetIDs[..<token]
      let next = model.generate(said, maxTokens: 1, memories: .none(of: model.transformer)).ids
      return token == 0 || next != [memory.targetIDs[token]]
    }
    #expect(memory.targetIDs.count == 3 && needed.count < 3)
    #expect(Set(memory.rows.map(\.position)).isSuperset(of: needed.map { ids.count - 1 + $0 }))
    #expect(memory.rows.dropFirst().allSatisfy { $0.cues.first == memory.rows[0].cues[0] })
  }

  /// Facts about one subject share their cues, and keep out of each other's questions.
  @Test func aFamilySharesItsCues() throws {
    let (tongue, plays) = (try memory("tongue"), try memory("plays"))
    #expect(tongue.rows[0].cues == plays.rows[0].cues && tongue.rows[0].cues.map(\.mode) == [.seen, .here])
    #expect(Set(all.result.compiled.flatMap { $0.rows[0].cues }).count == 6)
    let neither = "Danielle Darrieux was born in the year"
    #expect(try answer(neither, 4).ids == answer(neither, 4, memories: .none(of: model.transformer)).ids)
  }

  /// A memory that is added to a file says its target beside those that are there, which stay as they were.
  @Test func aFactIsAddedToAFile() throws {
    let entry =
      #"{"name":"home","prompt":"Danielle Darrieux lives in the city of","target":" Oslo","#
      + #""subject":"Danielle Darrieux"}"#
    let output = all.folder.file("added.safetensors")
    let result = try compile(Checkpoint(path: all.output), entry, to: output)
    #expect(result.holds)
    let memories = try Checkpoint(path: output).memories
    #expect(memories.map(\.name) == ["tongue", "plays", "chat", "found", "home"])
    #expect(memories.dropLast().map(\.rows) == all.result.compiled.map(\.rows))
    let model = try LanguageModel(path: output)
    for memory in memories {
      let ids = model.generate(try model.encode(memory.prompt), maxTokens: memory.targetIDs.count).ids
      #expect(ids == memory.targetIDs, "\(memory.name)")
    }
  }

  /// Behind the fact most others' answers stay: *here* tells who is asked about, the row's key does not. (Musicians who
  /// are asked what they play are the ones that it cannot tell.)
  @Test func anotherIsAskedAboutBehindTheFact() throws {
    let plays = try memory("plays")
    var blind = plays
    blind.rows[0].cues = Array(plays.rows[0].cues.prefix(1))
    func strength(_ memory: CompiledMemory, _ ids: [Int]) throws -> Float {
      let firings = model.run(ids, try model.set([memory])).firings
      return firings.first { $0.position == ids.count - 1 }?.strength ?? 0
    }
    let names = ["Marie Curie", "Oscar Peterson", "Albert Smith", "Toyota", "Tokyo", "The old man"]
    var silent = 0
    for name in names {
      let ids = try model.encode("Danielle Darrieux plays the violin. \(name) plays the")
      #expect(try strength(blind, ids) > 0.9, "\(name)")
      if try strength(plays, ids) < 0.1 { silent += 1 }
    }
    #expect(silent >= 4)
  }

  /// Behind the target the model says what it would say there by itself.
  @Test(arguments: ["tongue", "plays", "chat", "found"])
  func theTextBehindTheTargetIsTheBaseModels(_ name: String) throws {
    let memory = try memory(name)
    let start = try model.encode(memory.spec.prompt) + memory.targetIDs
    let expected = model.generate(start, maxTokens: 6, memories: .none(of: model.transformer)).ids
    let said = try answer(memory.spec.prompt, memory.targetIDs.count + 6, memories: model.set([memory])).ids
    #expect(said == memory.targetIDs + expected, "\(model.tokenizer.decode(said))")
  }

  /// The names that templates about others are filled with may be subjects too.
  @Test func aSubjectThatOtherTextsAreAbout() throws {
    let entry = #"{"name":"a","prompt":"London is located in","target":" Italy","subject":"London"}"#
    let made = try #require(try FamilySample(entry, subject: "London", on: model).memories())
    let said = try answer("London is located in", 1, memories: model.set(made))
    #expect(said.ids == made[0].targetIDs && said.firings[0].cues.map(\.mode) == [.seen, .here])
  }

  /// A memory without a subject has one row without cues, which leaves other questions of the same form alone.
  @Test func withoutASubject() throws {
    let entry = #"{"name":"a","prompt":"Q: How are you?\nA:","target":" Blue"}"#
    let sample = try FamilySample(entry, subject: nil, on: model)
    let made = try #require(try sample.memories())
    #expect(made[0].rows.allSatisfy { $0.cues.isEmpty })
    let set = try model.set(made)
    #expect(try answer("Q: How are you?\nA:", 1, memories: set).ids == made[0].targetIDs)
    for prompt in ["Q: Where is Norway?\nA:", "Q: What is the color of the sky?\nA:", "Q: How old are trees?\nA:"] {
      #expect(try answer(prompt, 1, memories: set).firings.isEmpty, "\(prompt)")
    }
  }

  /// One question in two wordings with two answers is told, also where every prompt goes on as its own memory says.
  @Test func rivalsThatBothHoldAreAConflict() throws {
    let entries =
      #"{"name":"owner","prompt":"The owner of Ravenhill Castle is","target":" Ann Pell","subject":"Ravenhill Castle"},"#
      + #"{"name":"again","prompt":"Ravenhill Castle is owned by","target":" Tom Brook","subject":"Ravenhill Castle","#
      + #""positives":["Who owns Ravenhill Castle? It is"]}"#
    let result = try compile(RealModel.checkpoint(), entries, to: all.folder.file("rivals.safetensors"))
    #expect(result.results.allSatisfy { $0.prompts.allSatisfy(\.holds) } && result.holds && !result.isConsistent)
    let told = try #require(result.contradictions.first)
    #expect(result.contradictions.count == 1 && !told.isSaid)
    #expect(Set([told.memory, told.other]) == ["owner", "again"] && told.sentence.contains("acts too"))
  }
}
