import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The contexts that a memory about a subject is fitted to.
@Suite struct SubjectContextsTests {
  /// Behind the key prompt and its target the delta is fitted to the base model's own continuation.
  @Test func theTextBehindTheTargetIsTheBaseModels() throws {
    let model = try TinyModel.load("llama-a")
    let spec = try Spec(
      entries:
        #"{"name":"a","prompt":"Tokyo lies in","target":" Nepal","subject":"Tokyo","prefixes":["Once upon a time"]}"#)
    let probe = try Probe(spec.memories[0], model: model)
    let prompts = probe.forcedPrompts(model.transformer)
    let made = try #require(
      SubjectContexts(probe, prompts, related: [], model: model, settings: CompilerSettings()))
    let start = probe.keyIDs + probe.targetIDs
    let expected = model.generate(start, maxTokens: 8, memories: .none(of: model.transformer)).ids
    #expect(made.contexts[0].ids.starts(with: start + expected))
    let unchanged = made.contexts[0].terms.filter { if case .unchanged = $0.goal { true } else { false } }
    #expect(unchanged.map(\.position) == Array((start.count - 1)..<made.contexts[0].ids.count))

    // The key prompt of a related memory that acts keeps its own target.
    func targets(_ rows: [MemoryRow]) throws -> [Int] {
      let other = RelatedMemory(
        index: 1, ids: probe.keyIDs, token: made.contexts[0].token, targetIDs: [3], rows: rows)
      let contexts = try #require(
        SubjectContexts(probe, prompts, related: [other], model: model, settings: CompilerSettings())
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
