import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Memories whose prompts are what a user says, on a tiny model with a chat template.
@Suite struct ChatMemoryTests {
  private let folder: TemporaryFolder
  private let path: String

  private static let template =
    "{% for m in messages %}<|{{ m.role }}|> {{ m.content | trim }}\n{% endfor %}"
    + "{% if add_generation_prompt %}<|assistant|>{% endif %}"

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("model")
    try FileManager.default.copyItem(atPath: TinyModel.path("llama-a"), toPath: path)
    try Data(Self.template.utf8).write(to: URL(fileURLWithPath: path + "/chat_template.jinja"))
  }

  private func style(_ spec: String, _ model: LanguageModel) throws -> (MemorySpec, PromptStyle) {
    let spec = try MemorySpec(JSONDocument(Array(spec.utf8), location: "entry").root)
    return (spec, try model.style(of: spec))
  }

  @Test func promptsAreRenderedByTheTemplate() throws {
    let model = try LanguageModel(path: path)
    let (spec, style) = try style(#"{"name": "a", "prompt": " Where? ", "target": " Oslo", "chat": true}"#, model)
    #expect(try style.text(spec.prompt) == "<|user|> Where?\n<|assistant|>")
    // The blank before an answer is the template's.
    #expect(try style.target(spec.target, behind: spec.prompt) == " Oslo")
    #expect(
      try style.encode(prompt: spec.prompt, model)
        == model.tokenizer.encode("<|user|> Where?\n<|assistant|>", addSpecialTokens: false))
    let probe = try Probe.all([spec], model: model, settings: CompilerSettings())[0]
    #expect(
      probe.keyIDs + probe.targetIDs
        == model.tokenizer.encode("<|user|> Where?\n<|assistant|> Oslo", addSpecialTokens: false))
    let form = PromptForm(probe.prompt, subject: nil, frame: ("<|user|> ", "\n<|assistant|>"))
    #expect(form.core == "Where?" && form.isWhole && form.text("Who?") == "<|user|> Who?\n<|assistant|>")
  }

  @Test func aFileKeepsWhatIsSaidAndAnswersIt() throws {
    let model = try LanguageModel(path: path)
    let text = #"""
      {"memories": [{"name": "a", "prompt": "Where is Oslo?", "target": "Bonn", "subject": "Oslo", "chat": true,
        "held_out": {"positives": [{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"},
          {"role": "user", "content": "Where is Oslo?"}]}]}}]}
      """#
    let spec = try Spec(json: Array(text.utf8), location: "spec.json")
    let output = folder.file("patched.safetensors")
    let checkpoint = try Checkpoint(path: path)
    let result = try Pipeline(checkpoint, pool: model.transformer.pool).run(
      RewriteRequest(spec: spec, output: output))
    #expect(
      result.results[0].prompts.map(\.prompt) == ["Where is Oslo?", "user: Hi / assistant: Ho / user: Where is Oslo?"])
    let patched = try Checkpoint(path: output)
    #expect(patched.companion(.chatTemplate) == Array(Self.template.utf8))
    #expect(patched.memories[0].isChat && patched.memories[0].prompt == "Where is Oslo?")
    // Asked again from the file, the prompts are read as the compiler read them.
    let explanation = try Explanation(of: "a", in: patched, pool: model.transformer.pool)
    #expect(explanation.cases.map(\.with.isTarget) == result.results[0].prompts.map(\.holds))
    let reopened = try LanguageModel(patched, pool: model.transformer.pool)
    #expect(
      try reopened.encode(promptOf: patched.memories[0])
        == model.tokenizer.encode("<|user|> Where is Oslo?\n<|assistant|>", addSpecialTokens: false))
  }

  @Test func aModelWithoutATemplateIsAnError() throws {
    let spec = try Spec(
      json: Array(#"{"memories": [{"name": "a", "prompt": "x", "target": "y", "chat": true}]}"#.utf8), location: "s")
    let error = #expect(throws: FormatError.self) {
      _ = try Pipeline(TinyModel.checkpoint("llama-a"), pool: WorkerPool(threads: 1)).run(
        RewriteRequest(spec: spec, output: nil))
    }
    #expect(error?.description.contains("has no chat template") == true)
  }

  @Test func turnsOfUsersEndAtSpecialTokens() throws {
    let model = try LanguageModel(path: path)
    let words = model.tokenizer.encode("Who keeps bees?", addSpecialTokens: false)
    let end = try #require(model.endTokens.first)
    #expect(
      ChatTurns(drawn: [words + [end] + words, [end], words], model: model).words == [
        "Who keeps bees?", "Who keeps bees?",
      ])
  }
}
