import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Names and facts that a model gives for a subject.
@Suite struct NeighborsTests {
  @Test(.requiresRealModel)
  func theModelNamesNeighbors() throws {
    let model = try LanguageModel(RealModel.checkpoint(), pool: WorkerPool(threads: 2))
    let neighbors = Neighbors(model: model, style: .text)
    #expect(neighbors.kind(of: "Nepal") == .country && neighbors.kind(of: "Marie Curie") == .person)
    let names = neighbors.names(like: "Nepal", of: .country, count: 3)
    #expect(names.count == 3 && !names.contains("Nepal"))
    let facts = neighbors.facts(about: "Nepal", without: " Kathmandu", count: 2)
    #expect(facts.count == 2 && facts.allSatisfy { $0.prompt.hasPrefix("Nepal") && !$0.answer.hasPrefix(" Kathmandu") })
  }
}
