import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Where prompts lie in the regions of memories that ask for cues, against what the runtime does there.
@Suite struct RegionReadingTests {
  private static let prompts = [
    SpecText.prompt, "The capital city of Nepal is", "Paris is the capital of", "Nepal and Tokyo. The river of Nepal",
    "a",
  ]

  /// Readings have the very numbers with which a row acts at a prompt's last token, whatever its bounds.
  @Test(arguments: TinyModel.all)
  func agreesWithTheRuntime(_ name: String) throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    let result = try compile(TinyModel.checkpoint(name), SpecText.gated("a"))
    let model = try TinyModel.load(name)
    let ids = try Self.prompts.map { try model.encode($0) }
    var acting = 0
    for round in 0..<40 {
      var row = result.compiled[0].rows[0]
      try #require(row.cues.map(\.mode) == [.seen, .here])
      for i in row.cues.indices {
        row.cues[i].boundary = Float.random(in: 0.05...1.5, using: &random)
        row.cues[i].hardness = [1, 3, 8].randomElement(using: &random)!
      }
      row.boundary = Float.random(in: 0.05...1.5, using: &random)
      let readings = RegionReadings.all(ids, of: row, keyCount: ids[0].count, model: model)
      let set = try MemorySet(named: [("a", row)], for: model.transformer)
      for (prompt, reading) in zip(ids, readings) {
        let reading = try #require(reading)
        let firing = model.generate(prompt, maxTokens: 1, memories: set).firings
          .first { $0.position == prompt.count - 1 }
        #expect(reading.strength == firing?.strength ?? 0, "seed \(seed), round \(round)")
        guard let firing else { continue }
        acting += 1
        #expect(reading.regions.map(\.role) == [.seen, .here, .asked])
        #expect(reading.regions.last?.similarity == firing.similarity, "seed \(seed), round \(round)")
        for (region, cue) in zip(reading.regions, firing.cues) {
          #expect(region.token == cue.position && region.strength == cue.strength, "seed \(seed), round \(round)")
        }
      }
    }
    #expect(acting > 0, "seed \(seed)")
  }

  /// Rows that act by their own key alone have one region, and nothing is read.
  @Test func onlyRowsWithCuesAreRead() throws {
    let result = try compile(TinyModel.checkpoint("gpt2-a"), SpecText.seed("a"))
    #expect(result.prompts.allSatisfy { $0.regions == nil })
    let root = try JSONDocument(result.json.bytes(), location: "j").root
    let memory = try #require(root["memories"]?.elements.first)
    #expect(memory["prompts"]?.elements.first?["regions"] == nil && memory["rows"]?.elements.first?["cues"] == nil)
    #expect(!TextReport(result).text.contains("asked"))
  }

  /// The report, its JSON and the explanation of the written file tell the same.
  @Test(arguments: TinyModel.all)
  func allReportsAgree(_ name: String) throws {
    let folder = try TemporaryFolder()
    let output = folder.file("output.safetensors")
    let result = try compile(TinyModel.checkpoint(name), SpecText.gated("a"), to: output)
    let explanation = try Explanation(of: "a", in: Checkpoint(path: output), pool: WorkerPool(threads: 2))
    #expect(explanation.cases.map(\.regions) == result.prompts.map(\.regions))
    let root = try JSONDocument(result.json.bytes(), location: "j").root
    let memory = try #require(root["memories"]?.elements.first)
    #expect(memory["rows"]?.elements.first?["cues"]?.elements.map { $0["mode"]?.string } == ["seen", "here"])
    let nodes = try #require(memory["prompts"]).elements
    for (node, prompt) in zip(nodes, result.prompts) {
      let readings = try #require(prompt.regions)
      #expect(node["regions"]?.elements.map { $0["role"]?.string } == ["seen", "here", "asked"])
      #expect(readings.regions.last?.similarity == prompt.similarity)
      for region in readings.missed {
        #expect(explanation.text.contains("misses \"\(region.role.rawValue)\" at token \(region.token) "))
      }
    }
    #expect(TextReport(result).text.contains("asks for seen at "))
  }
}
