import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Files of statistics, which keep the background and its activations.
@Suite struct StatisticsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func rewrite(
    _ model: String, statistics: String?, seed: UInt64 = 0, background: [String]? = nil,
    settings: CompilerSettings = CompilerSettings()
  ) throws -> [UInt8] {
    let output = folder.file("output.safetensors")
    let spec = try Spec(
      entries: SpecText.auto("a") + #",{"name":"b","prompt":"Tokyo lies in","target":" Nepal","subject":"Tokyo"}"#)
    let base = model.hasPrefix("/") ? try Checkpoint(path: model) : try TinyModel.checkpoint(model)
    _ = try Pipeline(base, pool: WorkerPool(threads: 2)).run(
      RewriteRequest(
        spec: spec, output: output, replacing: true, seed: seed, background: background, statistics: statistics,
        settings: settings))
    return try MappedFile(path: output).contents
  }

  private var file: String { folder.file("a.statistics") }

  @Test(arguments: [nil, ["The river runs to the sea.", "Nepal has hills."]])
  func theSameBytesWithAndWithout(_ background: [String]?) throws {
    let path = file
    let plain = try rewrite("llama-a", statistics: nil, background: background)
    #expect(try rewrite("llama-a", statistics: path, background: background) == plain)
    let kept = try MappedFile(path: path).contents
    #expect(try rewrite("llama-a", statistics: path, background: background) == plain)
    #expect(try MappedFile(path: path).contents == kept)

    // The file is used: other activations give other bytes.
    let model = try TinyModel.load("llama-a")
    let origin = try Statistics.Origin(TinyModel.checkpoint("llama-a"), seed: 0, given: background)
    var statistics = try Statistics(path: path, of: origin, model: model)
    #expect(statistics.activations[CompilerSettings().subjectSite(model.transformer.shape)] != nil)
    for matrix in statistics.activations.values {
      for i in 0..<(matrix.rows * matrix.width) { matrix.values[i] *= 3 }
    }
    try statistics.write(to: path, of: origin, model: model)
    #expect(try rewrite("llama-a", statistics: path, background: background) != plain)

    // Sites that a file lacks are added to it.
    statistics.activations = [:]
    try statistics.write(to: path, of: origin, model: model)
    #expect(try rewrite("llama-a", statistics: path, background: background) == plain)
    #expect(try MappedFile(path: path).contents == kept)
  }

  /// Text of many kinds is handed on, also more of it than is needed.
  @Test func wideTextIsTheSameWithAndWithout() throws {
    var settings = CompilerSettings()
    settings.manyFacts = 2
    (settings.wideTexts, settings.wideLength) = ([20, 48], 5)
    let plain = try rewrite("llama-a", statistics: nil, settings: settings)
    let base = try TinyModel.checkpoint("llama-a")
    #expect(try Pipeline(base, pool: WorkerPool(threads: 1)).makeStatistics(file, settings: settings))
    #expect(try rewrite("llama-a", statistics: file, settings: settings) == plain)
    let origin = Statistics.Origin(base, seed: 0, given: nil, settings: settings)
    let model = try TinyModel.load("llama-a")
    var statistics = try Statistics(path: file, of: origin, model: model)
    #expect(
      statistics.wide.count == 48 && statistics.wide.allSatisfy { $0.count == model.tokenizer.startIDs.count + 6 })
    // What the file has is used.
    for i in statistics.wide.indices { statistics.wide[i][1] ^= 1 }
    try statistics.write(to: file, of: origin, model: model)
    #expect(try rewrite("llama-a", statistics: file, settings: settings) != plain)
    // What was given as background says nothing of the seed.
    let given = ["A bird sings."]
    let path = folder.file("given.safetensors")
    #expect(
      try Pipeline(base, pool: WorkerPool(threads: 1)).makeStatistics(
        path, seed: 1, background: given, settings: settings))
    #expect(
      try rewrite("llama-a", statistics: path, seed: 2, background: given, settings: settings)
        == rewrite("llama-a", statistics: nil, seed: 2, background: given, settings: settings))
    // A rewrite that needs none of it gives the bytes that it has without.
    settings.manyFacts = 3
    #expect(
      try rewrite("llama-a", statistics: file, settings: settings)
        == rewrite("llama-a", statistics: nil, settings: settings))
  }

  @Test func refusesOthersAndLeavesThemAlone() throws {
    let path = file
    _ = try rewrite("llama-a", statistics: path)
    let kept = try MappedFile(path: path).contents
    func refuses(_ parts: [String], _ body: () throws -> [UInt8]) throws {
      let error = #expect(throws: FormatError.self) { try body() }
      for part in parts { #expect("\(try #require(error))".contains(part), "\(part)") }
    }
    try refuses(["another base", path]) { try rewrite("llama-b", statistics: path) }
    try refuses(["another background", "seed 1", "seed 0"]) {
      try rewrite("llama-a", statistics: path, seed: 1)
    }
    try refuses(["another background"]) { try rewrite("llama-a", statistics: path, background: ["x"]) }
    #expect(try MappedFile(path: path).contents == kept)
    // The same tensors with another configuration.
    let copy = try folder.copy(of: TinyModel.path("llama-a"))
    let config = URL(fileURLWithPath: copy + "/config.json")
    try (Data(contentsOf: config) + Data("\n".utf8)).write(to: config)
    try refuses(["another configuration"]) { try rewrite(copy, statistics: path) }
    // Statistics that would overwrite the output.
    let output = folder.file("same.safetensors")
    #expect(throws: FormatError.self) {
      try Pipeline(TinyModel.checkpoint("llama-a"), pool: WorkerPool(threads: 1)).run(
        RewriteRequest(spec: Spec(entries: SpecText.auto("a")), output: output, statistics: output))
    }
    #expect(!FileManager.default.fileExists(atPath: output))
    let model = TinyModel.path("llama-a/model.safetensors")
    let before = try MappedFile(path: model).contents
    try refuses(["not a file of statistics"]) { try rewrite("llama-a", statistics: model) }
    #expect(try MappedFile(path: model).contents == before)
  }

  /// Values that a reader must check.
  @Test func refusesDamage() throws {
    let path = file
    let base = try TinyModel.checkpoint("llama-a")
    let model = try LanguageModel(base, pool: WorkerPool(threads: 1))
    let origin = Statistics.Origin(base, seed: 0, given: nil)
    func refuses(_ lengths: [Int32], _ tokens: [Int32], activations: Tensor? = nil, _ part: String) throws {
      func tensor(_ name: String, _ values: [Int32]) -> Tensor {
        Tensor(
          name: ByteString(name), dtype: .i32, shape: [values.count],
          bytes: values.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) })
      }
      // The metadata of a valid file with this background.
      try Statistics(background: Background(ids: [[1, 2, 3]]), wide: [], activations: [:]).write(
        to: path, of: origin, model: model)
      let entries = try Checkpoint(path: path).metadata.filter { $0.key != "format" }
      try SafetensorsFile.write(
        [tensor("background.lengths", lengths), tensor("background.tokens", tokens)] + (activations.map { [$0] } ?? []),
        metadata: Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value) }), to: path)
      let error = #expect(throws: FormatError.self) { try Statistics(path: path, of: origin, model: model) }
      #expect("\(try #require(error))".contains(part), "\(lengths) \(tokens)")
    }
    try refuses([2, 2], [1, 2, 3], "do not fit")
    try refuses([-1, 4], [1, 2, 3], "do not fit")
    try refuses([3], [1, 2, 1_000_000], "do not fit")
    try refuses([3], [1, -2, 3], "do not fit")
    try refuses([3], [1, 2, 4], "another texts")
    let name = ByteString("\(model.transformer.module(SiteAddress(layer: 0, site: .mlp))).activations")
    let texts = Surroundings.texts(Background(ids: [[1, 2, 3]]), model: model, settings: CompilerSettings())
    let (rows, width) = (texts.joined().count, model.transformer.shape.width(of: .mlp))
    try refuses(
      [3], [1, 2, 3], activations: Tensor(name: name, shape: [1, width], floats: [Float](repeating: 0, count: width)),
      "wrong type or shape")
    try refuses(
      [3], [1, 2, 3],
      activations: Tensor(name: name, shape: [rows, width], floats: [Float](repeating: .nan, count: rows * width)),
      "not finite")
  }
}
