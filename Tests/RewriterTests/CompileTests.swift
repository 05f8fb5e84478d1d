import Foundation
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// What the compiler makes of one memory, against the fixtures and against generation.
@Suite struct CompileTests {
  /// Activations and gradients of every site and layer for prompts of one token, of other scripts, of a line break.
  @Test(arguments: TinyModel.all)
  func keysAndGradientsOfEverySite(_ name: String) throws {
    let folder = TinyModel.path(name)
    let model = try LanguageModel(path: folder, threads: 2)
    let expected = try Checkpoint(path: "\(folder)/expected.safetensors")
    let cases = try #require(JSONDocument(path: "\(folder)/expected.json").root["cases"]).elements
    for (i, item) in cases.enumerated() {
      let ids = try #require(item["prompt_ids"]).elements.compactMap(\.int)
      let run = KeyRun(
        ids, target: try #require(item["target_id"]?.int),
        transformer: model.transformer)
      #expect(run.next == item["greedy"]?.elements[0].int)
      for layer in 0..<model.transformer.shape.layers {
        for site in Site.allCases {
          let address = SiteAddress(layer: layer, site: site)
          func last(_ kind: String) throws -> [Float] {
            let tensor = try #require(expected[ByteString("case.\(i).\(kind).\(site).\(layer)")])
            return Array(try #require(tensor.floats()).suffix(tensor.shape[1]))
          }
          #expect(relativeError(run.activation(address), try last("act")) < 1e-4)
          #expect(relativeError(run.gradient(address), try last("grad")) < 2e-3)
        }
      }
    }
  }

  /// The search decides by one run over forced texts; generating decides what is reported. They must agree.
  @Test(arguments: TinyModel.all)
  func theBoundaryDoesWhatTheSearchSaw(_ name: String) throws {
    let result = try compile(
      TinyModel.checkpoint(name), SpecText.auto("a", extra: #","target_tokens":"first","method":"seed""#))
    let (memory, outcome) = (result.compiled[0], result.results[0])
    let boundary = try #require(memory.rows.first).boundary
    let point = try #require(memory.curve.first { $0.boundary == boundary })
    #expect(memory.rows.count == 1 && memory.targetIDs.count == 1)
    #expect(point.positives == outcome.count(positive: true).holding)
    #expect(point.negatives == outcome.count(positive: false).holding)
    #expect(point.keyHolds == outcome.keyHolds)
    #expect(memory.curve.map(\.boundary) == memory.curve.map(\.boundary).sorted())
    // No other point of the curve does better.
    #expect(memory.curve.allSatisfy { !$0.keyHolds || $0.score <= point.score })
  }

  /// A target of many tokens: a row where the model does not go on by itself, each at the position before its token.
  @Test(arguments: TinyModel.all)
  func aTargetOfManyTokens(_ name: String) throws {
    let target = " Zanzibar!"
    let memory = SpecText.auto("a").replacingOccurrences(of: " Tokyo", with: target)
    let result = try compile(TinyModel.checkpoint(name), memory)
    let compiled = result.compiled[0]
    #expect(result.targetTexts[0].joined() == target && compiled.targetIDs.count > 3)
    let model = try TinyModel.load(name)
    let count = try model.encode(SpecText.prompt).count
    #expect(compiled.rows[0].position == count - 1)
    #expect(zip(compiled.rows, compiled.rows.dropFirst()).allSatisfy { $0.position < $1.position })
    for row in compiled.rows {
      #expect(row.targetID == compiled.targetIDs[row.position - (count - 1)])
      #expect(row.module == model.transformer.module(compiled.address))
      #expect(row.key.count == model.transformer.shape.width(of: compiled.address.site))
    }
    #expect(compiled.steps.count == compiled.rows.count)
    #expect(result.results[0].keyHolds == result.results[0].prompts[0].after.hasPrefix(target))
    // In the last layers of the other two all of the target's tokens have nearly one activation, and rows overlap.
    if name == "gpt2-published" || name == "llama-b" { #expect(result.holds) }
    #expect(result.holds != TextReport(result).text.contains("warning: a does not give its target"))
  }

  /// A target may end the text, and the model then stops.
  @Test(arguments: ["gpt2-a", "llama-a"])
  func aTargetThatEndsTheText(_ name: String) throws {
    let output = try outputPath()
    let memory = SpecText.auto("a").replacingOccurrences(of: " Tokyo", with: " Tokyo<|endoftext|>")
    let result = try compile(TinyModel.checkpoint(name), memory, to: output)
    #expect(result.compiled[0].targetIDs.last == 0)
    #expect(result.holds)
    let model = try LanguageModel(path: output)
    let generation = model.generate(try model.encode(SpecText.prompt), maxTokens: 8)
    #expect(generation.finish == .stop && model.tokenizer.decode(generation.ids) == " Tokyo")
  }

  @Test(arguments: TinyModel.all)
  func theMethodOfTheCommandLineCounts(_ name: String) throws {
    let memory = SpecText.auto("a", extra: #","site":"mlp","layer":1,"alpha":0.5"#)
    let result = try compile(TinyModel.checkpoint(name), memory, method: .seed)
    let (row, compiled) = (try #require(result.compiled[0].rows.first), result.compiled[0])
    #expect(compiled.spec.method == .seed && compiled.steps[0] == 1 && row.hardness == 3 && row.alpha == 0.5)
    let model = try TinyModel.load(name)
    let run = KeyRun(
      try model.encode(SpecText.prompt), target: compiled.targetIDs[0],
      transformer: model.transformer)
    let address = SiteAddress(layer: 1, site: .mlp)
    #expect(row.key == run.activation(address))
    #expect(row.delta == run.gradient(address).map { -0.5 * $0 })
  }

  /// Up to the last position there is room, beyond it an error; gpt2-published has 56 positions.
  @Test func promptsUpToTheLastPosition() throws {
    func memory(_ words: Int) -> String {
      SpecText.seed("a", prompt: String(repeating: " the", count: words), target: " country")
    }
    let full = try compile(TinyModel.checkpoint("gpt2-published"), memory(55))
    #expect(full.compiled[0].rows[0].position == 54)
    let auto = SpecText.auto("a").replacingOccurrences(
      of: "Once upon a time", with: String(repeating: " the", count: 54))
    _ = try compile(TinyModel.checkpoint("gpt2-published"), auto.replacingOccurrences(of: " Tokyo", with: " country"))
    #expect { try compile(TinyModel.checkpoint("gpt2-published"), memory(56)) } throws: {
      ($0 as? FormatError)?.kind == .prompt
    }
    #expect { try compile(TinyModel.checkpoint("gpt2-published"), memory(57)) } throws: {
      ($0 as? FormatError)?.kind == .prompt
    }
  }

  /// A tokenizer need not have a token for every byte; text of none is refused by name.
  @Test func textWithoutTokens() throws {
    let output = try outputPath()
    let folder = (output as NSString).deletingLastPathComponent
    for file in ["model.safetensors", "config.json", "tokenizer.json"] {
      try FileManager.default.copyItem(atPath: "\(TinyModel.folder)/gpt2-a/\(file)", toPath: "\(folder)/\(file)")
    }
    let tokenizer = "\(folder)/tokenizer.json"
    let text = try String(contentsOfFile: tokenizer, encoding: .utf8)
    let without = text.replacing(/"~": *\d+,/, with: "")
    #expect(without != text)
    try Data(without.utf8).write(to: URL(fileURLWithPath: tokenizer))
    let base = try Checkpoint(path: folder)
    let cases: [(String, FormatError.Kind, String)] = [
      (SpecText.seed("a", target: "~"), .spec, "adds no token"),
      (SpecText.seed("a", prompt: "~~"), .prompt, "empty"),
      (SpecText.auto("a").replacingOccurrences(of: "Once upon a time", with: "~"), .prompt, "empty"),
    ]
    for (memory, kind, part) in cases {
      #expect { try compile(base, memory, to: output) } throws: {
        ($0 as? FormatError)?.kind == kind && "\($0)".contains(part) && "\($0)".contains("memory a")
      }
    }
    #expect(!FileManager.default.fileExists(atPath: output))
  }
}
