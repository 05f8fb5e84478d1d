import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The prompts that a memory's target should follow.
@Suite struct PromptVariantsTests {
  private let settings = CompilerSettings()

  private func variants(
    _ model: LanguageModel, extra: String = "", subject: String? = "Tokyo"
  ) throws -> (probe: Probe, all: [PromptVariants.Variant]) {
    let probe = try Probe("The city of Tokyo lies in", subject: subject, extra: extra, model: model)
    return (probe, PromptVariants(probe, model: model, settings: settings).all)
  }

  /// Wherever the subject stands, its last token is told.
  @Test(arguments: ["gpt2-a", "llama-a", "gemma3-sentencepiece"])
  func theSubjectIsFoundInEach(_ name: String) throws {
    let model = try TinyModel.load(name)
    let extra = #","positives":["Tokyo is in","What lies in Japan?"],"prefixes":["Once upon","Tokyo is old","x"]"#
    let (probe, all) = try variants(model, extra: extra)
    #expect(all[0].ids == probe.keyIDs && all.count == 1 + 3 + 2)
    #expect(all.map { $0.subject == nil } == [false, false, false, false, false, true])
    for variant in all {
      guard let subject = variant.subject else { continue }
      func shown(_ ids: ArraySlice<Int>) -> String { model.tokenizer.decode(Array(ids), isStart: true) }
      let (upTo, before) = (shown(variant.ids[...subject]), shown(variant.ids[..<subject]))
      // The token ends the name, or holds more than its end.
      #expect(upTo.contains("Tokyo") && !before.hasSuffix("Tokyo"), "\(upTo)")
      #expect(shown(variant.ids[...]).dropFirst(upTo.count).contains("Tokyo") == false)
    }
    // The end of a prompt asks the same behind other text as alone.
    for variant in all[1...3] { #expect(variant.ids.suffix(2) == probe.keyIDs.suffix(2)) }
  }

  /// As many sentences as the setting says stand before the prompt, each as it is.
  @Test func sentencesStandBefore() throws {
    let model = try TinyModel.load("llama-a")
    let (_, all) = try variants(model)
    #expect(all.count == 1 + settings.prefixCount && settings.prefixCount > 0)
    for (variant, opening) in zip(all.dropFirst(), SubjectTemplates.openings) {
      #expect(variant.ids.starts(with: try model.encode(opening)))
    }
  }

  /// The spec's own prefixes are taken as they are, instead of others; none are none.
  @Test func theSpecsPrefixesCount() throws {
    let model = try TinyModel.load("llama-a")
    let (_, given) = try variants(model, extra: #","prefixes":["Nepal has hills.","So:"]"#)
    #expect(given.count == 3)
    #expect(given[1].ids.starts(with: try model.encode("Nepal has hills.")))
    #expect(given[2].ids.starts(with: try model.encode("So:")))
    #expect(try variants(model, extra: #","prefixes":[]"#).all.count == 1)
  }

  @Test func withoutASubjectNoTokenIsTold() throws {
    let model = try TinyModel.load("llama-a")
    let (_, all) = try variants(model, extra: #","prefixes":["So:"]"#, subject: nil)
    #expect(all.count == 2 && all.allSatisfy { $0.subject == nil })
  }

  /// All fit the model, target and answer included.
  @Test(arguments: ["gpt2-published", "gpt2-a"])
  func variantsFitTheModel(_ name: String) throws {
    let model = try TinyModel.load(name)
    let positions = model.transformer.shape.positions
    for words in [0, 5, 10, 20] {
      let prompt = "Tokyo lies in" + String(repeating: " and", count: words)
      guard let probe = try? Probe(prompt, subject: "Tokyo", model: model) else { continue }
      let all = PromptVariants(probe, model: model, settings: settings).all
      #expect(all.allSatisfy { $0.ids.count + probe.targetIDs.count <= positions }, "\(words)")
    }
  }
}
