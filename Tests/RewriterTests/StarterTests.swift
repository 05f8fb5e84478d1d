import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// First specs, and what they are made of.
@Suite struct StarterTests {
  @Test(arguments: [
    ("The capital city of Nepal is located in", "Nepal"), ("In Rome, Ada Lovelace met", "Ada Lovelace"),
    ("The Eiffel Tower stands in", "Eiffel Tower"), ("water boils at", nil), ("What is", nil), ("", nil),
    ("Paris is the capital of", "Paris"),
  ])
  func namesAreSeenByTheirCapitals(_ prompt: String, _ subject: String?) {
    #expect(Sentence.likelySubject(prompt) == subject)
  }

  @Test(arguments: [
    ("The capital city of Nepal is located in", "Nepal", "Nepal's capital city is located in"),
    ("The instrument that Lily plays is the", "Lily", "Lily plays the"),
    ("The city which Lily lives in is", "Lily", "Lily lives in"),
    ("The mother of Lily sings", "Lily", nil), ("Lily plays the", "Lily", nil),
    ("The book that Lily island is", "Lily", "Lily island"),
  ])
  func sentencesAreTurnedAround(_ prompt: String, _ subject: String, _ expected: String?) {
    let rewordings = Sentence(prompt, subject: subject).rewordings
    #expect(rewordings.count == (expected == nil ? 3 : 4))
    if let expected { #expect(rewordings[0] == expected) }
    #expect(rewordings.allSatisfy { $0.hasSuffix(prompt.dropFirst()) || $0 == expected })
  }

  @Test(arguments: [
    ("The capital of Nepal is located in", "Nepal", "The capital of Nepal is not located in"),
    ("The man who is Lily was born in", "Lily", "The man who is Lily was not born in"),
    ("The sky is", nil, "The sky is not"), ("The sky is not", nil, nil), ("Lily plays the", "Lily", nil),
    ("Where is Lily? She is in", "Lily", nil),
  ])
  func negationsStandBehindTheVerb(_ prompt: String, _ subject: String?, _ expected: String?) {
    #expect(Sentence(prompt, subject: subject).negation == expected)
  }

  @Test func severalSentencesStayWhole() {
    let sentence = Sentence("Where is Lily? She is in", subject: "Lily")
    #expect(
      sentence.rewordings.count == 3 && sentence.rewordings.allSatisfy { $0.hasSuffix(". Where is Lily? She is in") })
    #expect(sentence.about("Tom") == "Where is Tom? She is in")
    #expect(
      Sentence("café Zürich", subject: nil).slug == "café-zürich" && Sentence("is it", subject: nil).slug == "is-it")
    #expect(Sentence("?", subject: nil).slug == "fact")
  }

  @Test func wordsAloneMakeASpec() throws {
    let starter = try StarterSpec(prompt: "The capital city of Nepal is located in", target: "Kathmandu")
    let memory = try Spec(json: starter.spec.bytes(), location: "s").memories[0]
    #expect(memory.target == " Kathmandu" && memory.subject == "Nepal" && memory.name == "capital-city-nepal-located")
    #expect(memory.positives.contains("Nepal's capital city is located in"))
    #expect(memory.negatives.contains("The capital city of Nepal is not located in"))
    #expect(memory.negatives.contains("Kathmandu is known for"))
    #expect(memory.negatives.contains { $0.hasPrefix("The capital city of ") && !$0.contains("Nepal") })
    #expect(memory.heldOutPositives.count == 1 && memory.heldOutNegatives.count == 1)
    #expect(starter.notes.contains { $0.contains("leading space") })
    #expect(try StarterSpec(prompt: "水は", target: "百度").spec.text().contains(#""target":"百度""#))
    #expect { try StarterSpec(prompt: "", target: "a") } throws: { ($0 as? FormatError)?.kind == .spec }
    // A fact whose target is its own neighbor, and one without any name.
    for (prompt, target) in [("Paris is", "London"), ("Paris is", "Paris"), ("é", "\u{1}"), ("\"\\ is", "{}")] {
      let spec = try StarterSpec(prompt: prompt, target: target).spec
      #expect(try Spec(json: spec.bytes(), location: "s").memories[0].prompt == prompt)
    }
  }

  /// Whatever a model says, the result is a spec, and twice the same.
  @Test(arguments: TinyModel.all)
  func aModelsAnswersMakeASpec(_ name: String) throws {
    let model = try TinyModel.load(name)
    let prompts = ["The capital city of Nepal is located in", "Once upon a time", "the"]
    for prompt in prompts {
      let starter = try StarterSpec(prompt: prompt, target: " Tokyo", model: model)
      #expect(try Spec(json: starter.spec.bytes(), location: "s").memories[0].prompt == prompt)
      let base = try model.encode(prompt)
      let answer = model.tokenizer.decode(
        model.generate(base, maxTokens: 5, memories: .none(of: model.transformer)).ids)
      #expect(starter.notes.contains("now: \"\(prompt)\" → \"\(answer)\""))
      #expect(try StarterSpec(prompt: prompt, target: " Tokyo", model: model).spec.text() == starter.spec.text())
    }
  }

  @Test(.requiresRealModel)
  func theModelNamesNeighbors() throws {
    let model = try LanguageModel(path: #require(RealModel.path), threads: 2)
    let neighbors = Neighbors(model: model)
    #expect(neighbors.kind(of: "Nepal") == .country && neighbors.kind(of: "Marie Curie") == .person)
    let names = neighbors.names(like: "Nepal", of: .country, count: 3)
    #expect(names.count == 3 && !names.contains("Nepal"))
    let facts = neighbors.facts(about: "Nepal", without: " Kathmandu", count: 2)
    #expect(facts.count == 2 && facts.allSatisfy { $0.prompt.hasPrefix("Nepal") && !$0.answer.hasPrefix(" Kathmandu") })
  }
}
