import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

@Suite struct SubjectSearchTests {
  @Test(arguments: [
    ("The capital city of Nepal is located in", ["The", "capital", "city", "of", "Nepal", "is", "located", "in"]),
    ("Danielle Darrieux, who speaks", ["Danielle Darrieux", "who", "speaks"]),
    ("In Rome, Ada Lovelace met John F. Smith (twice)", ["In Rome", "Ada Lovelace", "met", "John F. Smith"]),
    ("  where  is Ürümqi?", ["where", "is", "Ürümqi"]),
    ("", []),
  ])
  func namesAreOneCandidate(_ text: String, _ expected: [String]) {
    #expect(SubjectSearch.candidates(text) == expected)
  }

  /// Whatever encoding puts in front of a text, the subject's last token is the one that ends it.
  @Test(arguments: ["llama2", "metaspace-first", "metaspace-always", "gemma", "llama3", "added"])
  func theSubjectsLastToken(_ name: String) throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/tokenizer/kinds/\(name).json").path
    let tokenizer = try Tokenizer(json: MappedFile(path: path).contents, location: path)
    for (text, subject) in [
      ("The capital city of Nepal is located in", "Nepal"), ("Nepal is in", "Nepal"), ("x 東京", "東京"),
    ] {
      let ids = tokenizer.encode(text)
      guard let token = tokenizer.lastToken(of: subject, in: text, ids: ids) else {
        // Where the vocabulary lacks characters no token can be told to end there.
        #expect(name == "metaspace-always" && subject == "東京")
        continue
      }
      func shown(_ ids: ArraySlice<Int>) -> String { tokenizer.decode(Array(ids), skipSpecialTokens: true) }
      #expect(shown(ids[...token]).contains(subject) && !shown(ids[..<token]).contains(subject), "\(text)")
    }
  }

  @Test func backgroundTextsBeginAsPromptsDo() throws {
    let path = TinyModel.path("gemma3-sentencepiece")
    let model = try LanguageModel(Checkpoint(path: path), pool: WorkerPool(threads: 1))
    #expect(model.tokenizer.startIDs == [1])
    let written = Background(writtenBy: model, seed: 1, settings: CompilerSettings()).texts
    #expect(
      written.count == CompilerSettings().backgroundTexts
        && written.allSatisfy { $0.first == 1 && $0.count == 1 + CompilerSettings().backgroundLength })
    #expect(
      Background(texts: ["the city", ""], tokenizer: model.tokenizer, settings: CompilerSettings()).texts == [
        model.tokenizer.encode("the city")
      ])
  }

  @Test(.requiresRealModel)
  func theSubjectIsFoundAndBecomesTheToken() throws {
    let base = try Checkpoint(path: #require(RealModel.path))
    let model = try LanguageModel(base, pool: WorkerPool(threads: 2))
    for (prompt, target, subject) in [
      ("Warwick School is headquartered in", " Paris", "Warwick School"),
      ("What sport does Steve Yzerman play? They play", " football", "Steve Yzerman"),
      ("Angola is located in", " Europe", "Angola"),
    ] {
      let spec = try Spec(entries: #"{"name":"a","prompt":"\#(prompt)","target":"\#(target)"}"#)
      let probe = try Probe(spec.memories[0], model: model)
      #expect(SubjectSearch(probe: probe, model: model, settings: CompilerSettings()).subject() == subject)
    }
    // The manifest says where the key was taken from.
    let output = try outputPath()
    defer { try? FileManager.default.removeItem(atPath: output) }
    try compile(
      base, #"{"name":"a","prompt":"Warwick School is headquartered in","target":" Paris"}"#, to: output)
    let ids = try model.encode("Warwick School is headquartered in")
    let token = try #require(
      model.tokenizer.lastToken(of: "School", in: "Warwick School is headquartered in", ids: ids))
    let memory = try Checkpoint(path: output).memories[0]
    #expect(memory.token == "\(token)" && memory.rows[0].position == token)
  }

  /// What follows key prompt and target is held to what the base model goes on with.
  @Test func theTextBehindTheTargetIsTheBaseModels() throws {
    let model = try TinyModel.load("llama-a")
    let spec = try Spec(
      entries:
        #"{"name":"a","prompt":"Tokyo lies in","target":" Nepal","subject":"Tokyo","prefixes":["Once upon a time"]}"#)
    let probe = try Probe(spec.memories[0], model: model)
    let prompts = probe.forcedPrompts(model.transformer)
    let made = try #require(
      SubjectContexts(probe, prompts, related: [], prefixes: [], model: model, settings: CompilerSettings()))
    let start = probe.keyIDs + probe.targetIDs
    let expected = model.generate(start, maxTokens: 8, memories: .none(of: model.transformer)).ids
    #expect(made.contexts[0].ids.starts(with: start + expected))
    let unchanged = made.contexts[0].terms.filter { if case .unchanged = $0.goal { true } else { false } }
    #expect(unchanged.map(\.position) == Array((start.count - 1)..<made.contexts[0].ids.count))

    // The prompt of a companion that acts keeps its own target.
    func targets(_ rows: [MemoryRow]) throws -> [Int] {
      let companion = RelatedMemory(
        index: 1, ids: probe.keyIDs, token: made.contexts[0].token, targetIDs: [3], rows: rows)
      let contexts = try #require(
        SubjectContexts(probe, prompts, related: [companion], prefixes: [], model: model, settings: CompilerSettings())
      ).contexts
      return contexts.filter(\.isPositive).compactMap { context in
        if case .token(let id) = context.terms[0].goal { id } else { nil }
      }
    }
    let row = MemoryRow(
      module: "m", position: 0, targetID: 3, alpha: 1, boundary: 1, hardness: 8, key: [1], delta: [1])
    let own = try targets([])
    #expect(!own.isEmpty && own.allSatisfy { $0 == probe.targetIDs[0] })
    #expect(try targets([row]) == own + [3])
  }
}
