import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Memories at the subject's last token, or at a token given by its index.
@Suite struct SubjectMemoryTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A memory with token `subject` has its row at the subject's last token and fires there.
  @Test(arguments: TinyModel.all)
  func aSubjectMemoryStandsAtTheSubject(_ name: String) throws {
    let memory = #"""
      {"name":"a","prompt":"The city of Tokyo lies in","target":" Nepal","subject":"Tokyo","token":"subject"}
      """#
    let output = folder.file("output.safetensors")
    let result = try compile(TinyModel.checkpoint(name), memory, to: output)
    let compiled = result.compiled[0]
    let model = try LanguageModel(path: output)
    let ids = try model.encode("The city of Tokyo lies in")
    let token = try #require(model.tokenizer.lastToken(of: "Tokyo", in: "The city of Tokyo lies in", ids: ids))
    #expect(compiled.rows.map(\.position) == [token])
    let firings = model.generate(ids, maxTokens: 1).firings
    // In so narrow a model other tokens may look alike, and in the narrowest the subject is not told from them.
    #expect(name == "llama-b" ? !firings.isEmpty : firings.map(\.position).contains(token))
    #expect(try Checkpoint(path: output).memories[0].token == "subject")
  }

  @Test func anIndexThatThePromptHasNot() throws {
    let memory = #"{"name":"a","prompt":"The city of Tokyo lies in","target":" Nepal","token":99}"#
    #expect {
      try compile(TinyModel.checkpoint("llama-a"), memory, to: nil)
    } throws: { ($0 as? FormatError)?.kind == .spec && "\($0)".contains("token") }
  }
}
