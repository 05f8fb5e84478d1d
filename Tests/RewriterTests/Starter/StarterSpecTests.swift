import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Starter specs, made with and without a model.
@Suite struct StarterSpecTests {
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

  /// Whatever a model answers, the result is a valid spec, the same each time.
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
}
