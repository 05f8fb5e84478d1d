@testable import Format
@testable import Rewriter
@testable import Runtime

/// Facts about one subject with all that their memories are made beside, apart from a pipeline.
struct FamilySample {
  let model: LanguageModel
  let settings: CompilerSettings
  let probes: [Probe]
  let surroundings: Surroundings
  let request: SubjectFamily.Request
  let compiler: FamilyCompiler
  let family: SubjectFamily?

  /// - Parameters:
  ///   - entries: of a spec, separated by commas.
  ///   - subject: nil for facts without one.
  init(
    _ entries: String, subject: String?, on model: LanguageModel, settings: CompilerSettings = CompilerSettings(),
    isOfMany: Bool = false
  ) throws {
    (self.model, self.settings) = (model, settings)
    let probes = try Spec(entries: entries).memories.map { try Probe($0, model: model) }
    self.probes = probes
    let shape = model.transformer.shape
    let surroundings = Surroundings(
      model, background: Background(writtenBy: model, seed: 0, settings: settings),
      prompts: probes.map { (ids: $0.keyIDs, subject: $0.subjectToken(model.tokenizer)) },
      sites: [settings.subjectSite(shape)], settings: settings)
    self.surroundings = surroundings
    let compiler = FamilyCompiler(
      model: model, surroundings: surroundings, settings: settings, clock: StageClock(model.transformer.pool))
    self.compiler = compiler
    request = SubjectFamily.Request(
      members: probes.enumerated().map { (index: $0, probe: $1) }, subject: subject, isOfMany: isOfMany)
    family = compiler.families([request])[0]
  }

  /// The memories in the order of the entries; nil where there is no way to make them.
  func memories() throws -> [CompiledMemory]? {
    try compiler.memories([request])[0].get()
  }
}

extension LanguageModel {
  /// The logits [tokens × V] behind each token of a text, by their bits, and where memories acted.
  func run(_ ids: [Int], _ memories: MemorySet) -> (logits: [UInt32], firings: [Firing]) {
    let batch = Batch(
      [.init(rows: 0..<ids.count, position: 0, cache: nil, appends: false, memories: memories)],
      shape: transformer.shape)
    batch.traces = true
    transformer.embed([ids], batch)
    transformer.forward(batch)
    let logits = transformer.logits(batch.residual, rows: Array(ids.indices))
    return (ids.indices.flatMap { logits.array($0).map(\.bitPattern) }, batch.firings)
  }

  /// The memories as rows whose firings bear their names.
  func set(_ memories: [CompiledMemory]) throws -> MemorySet {
    try MemorySet(
      named: memories.flatMap { memory in memory.rows.map { (memory: memory.spec.name, row: $0) } }, for: transformer)
  }
}
