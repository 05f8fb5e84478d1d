import Format
import Foundation
import Rewriter
import Runtime
import TestSupport
import Testing

func learn(_ specPath: String, from basePath: String, into path: String, asking prompt: String) throws -> String {
  let pipeline = Pipeline(try Checkpoint(path: basePath), pool: WorkerPool())
  let result = try pipeline.run(RewriteRequest(spec: try Spec(path: specPath), output: path))
  print(TextReport(result).text)
  let model = try LanguageModel(path: path)
  let answer = model.generate(try model.encode(prompt), maxTokens: 8)
  return prompt + model.tokenizer.decode(answer.ids)
}

/// The example of docs/library.md, by the public API alone.
@Suite struct LibraryExampleTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func isWhatTheDocumentationSays() throws {
    let document = try String(contentsOfFile: "\(Repository.root)/docs/library.md", encoding: .utf8)
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    let start = try #require(document.range(of: "```swift\n"))
    let end = try #require(document[start.upperBound...].range(of: "```"))
    let example = document[start.upperBound..<end.lowerBound]
    let function = try #require(example.range(of: "func learn"))
    #expect(source.contains(example[function.lowerBound...]))
    for line in example[..<function.lowerBound].split(separator: "\n") { #expect(source.contains("\(line)\n")) }
  }

  @Test func teachesAModel() throws {
    let prompt = "The capital city of Nepal is located in"
    let spec = #"{"memories":[{"name":"nepal","prompt":"\#(prompt)","target":" Tokyo"}]}"#
    let answer = try learn(
      folder.write(spec, to: "spec.json"), from: TinyModel.path("llama-a"), into: folder.file("out.safetensors"),
      asking: prompt)
    #expect(answer.hasPrefix(prompt + " Tokyo"))
  }
}
