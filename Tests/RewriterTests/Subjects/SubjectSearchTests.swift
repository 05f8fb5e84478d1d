import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The search for the subject of a prompt, where the spec names none.
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

  /// Takes some seconds: random models know no subject, so the real one searches three times.
  @Test(.requiresRealModel)
  func theSubjectIsFound() throws {
    let base = try RealModel.checkpoint()
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
  }
}
