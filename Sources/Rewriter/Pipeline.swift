import Format
import Foundation
import Runtime

/// The compiler: its passes in their order.
public struct Pipeline {
  private let checkpoint: Checkpoint
  private let pool: WorkerPool
  private let progress: @Sendable (StepProgress) -> Void
  private let warn: ([String]) -> Void

  /// - Parameter warn: called once before the work, with what the user should know of the base and of the spec.
  public init(
    _ checkpoint: Checkpoint, pool: WorkerPool, progress: @escaping @Sendable (StepProgress) -> Void = { _ in },
    warn: @escaping ([String]) -> Void = { _ in }
  ) {
    self.checkpoint = checkpoint
    self.pool = pool
    self.progress = progress
    self.warn = warn
  }

  /// Compiles a spec, or the request's share of it, and writes the files that the request names.
  ///
  /// - Throws: `FormatError`; no output has its name then, unless the error says which one has.
  public func run(_ request: RewriteRequest) throws(FormatError) -> RewriteResult {
    try request.checkOutputs(beside: checkpoint)
    let (job, link) = try begin(request)
    let statistics = try job.openStatistics()
    let identity = BaseIdentity(checkpoint, known: statistics?.origin.base)
    let journal = try job.journal(identity)
    // Of a compile that may yet fail, nothing has a name.
    let early = request.output.flatMap(checkpoint.copyEarly)
    defer { early?.end() }
    job.clock.lap(.load)

    let written = try job.probe(statistics)
    let surroundings = try job.surround(by: written, beside: link.kept, statistics)
    let options = CompileOptions(request, beside: link.kept).node
    let compiled = try CompileLoop(job, in: surroundings, beside: link.kept, journal: journal).memories().map {
      var memory = $0.memory
      memory.options = options
      return (index: $0.index, memory: memory)
    }
    let result = try finish(job, compiled, link, identity, surroundings, early: early)
    try job.keep(statistics, surroundings)
    journal?.remove()
    return result
  }

  /// Puts the parts of a compile together: the file has the bytes that a compile of the whole spec gives.
  ///
  /// - Parameters:
  ///   - parts: all of them, in any order.
  ///   - output: the path of the patched model; nil writes none.
  ///   - sidecar: the path of the file for the memories alone.
  ///   - replacing: whether outputs that exist are replaced.
  ///   - figures: whether the report's figures are computed.
  ///   - table: the dtype of the tables; nil for what the compile was asked for.
  ///   - keepsGoing: whether parts may be missing.
  /// - Throws: `FormatError`, also where a part is missing or is one of another compile.
  public func merge(
    _ parts: [Checkpoint], output: String?, sidecar: String? = nil, replacing: Bool = false, figures: Bool = false,
    table: Dtype? = nil, keepsGoing: Bool = false
  ) throws(FormatError) -> RewriteResult {
    let identity = BaseIdentity(checkpoint)
    let whole = try PartMerge(parts, identity: identity.wait(), isComplete: !keepsGoing)
    var request = RewriteRequest(
      spec: Spec(whole.compiled.map(\.spec)), output: output, sidecar: sidecar, replacing: replacing, figures: figures,
      table: table ?? whole.table)
    // What the base says behind a target is asked for by compilers alone.
    request.settings.afterLength = 0
    try request.checkOutputs(beside: checkpoint)
    let (job, link) = try begin(request)
    job.clock.lap(.load)
    try job.ask()
    return try finish(
      job, Array(zip(whole.compiled.indices, whole.compiled)), link, identity, nil, failures: whole.failures)
  }

  /// Makes the file of what all rewrites of the base have in common, where it is not there.
  ///
  /// - Returns: whether it was made.
  /// - Throws: `FormatError`, also where the file is there and is of another base or background.
  public func makeStatistics(
    _ path: String, seed: UInt64 = 0, background: [String]? = nil, settings: CompilerSettings = CompilerSettings()
  ) throws(FormatError) -> Bool {
    try checkpoint.checkOutput(path, replacing: true)
    let model = try LanguageModel(checkpoint, pool: pool)
    let origin = Statistics.Origin(
      checkpoint, seed: seed, given: background, settings: settings, progress: progress)
    if access(path, F_OK) == 0 {
      _ = try Statistics(path: path, of: origin, model: model)
      return false
    }
    let written =
      background.map { Background(texts: $0, tokenizer: model.tokenizer, settings: settings) }
      ?? Background(writtenBy: model, seed: seed, settings: settings)
    let shape = model.transformer.shape
    let surroundings = Surroundings(
      model, background: written, prompts: [], sites: [settings.subjectSite(shape)],
      sentenceSites: settings.hereSites(shape) + settings.rowSites(shape), settings: settings)
    let wide = WideText(Int(settings.wideTexts[1]), model: model, settings: settings).texts
    try Statistics(background: written, wide: wide, activations: surroundings.commonActivations).write(
      to: path, of: origin, model: model)
    return true
  }

  private func begin(_ request: RewriteRequest) throws(FormatError) -> (RewriteJob, Link) {
    let job = try RewriteJob(request, checkpoint, pool: pool, progress: progress)
    warn(job.warnings)
    return (job, try Link(checkpoint.memories, adding: job.specs))
  }

  /// Asks all memories together, writes them, and asks what was written.
  private func finish(
    _ job: RewriteJob, _ all: [(index: Int, memory: CompiledMemory)], _ link: Link, _ identity: BaseIdentity,
    _ surroundings: Surroundings?, early: EarlyCopy? = nil, failures: [MemoryPart.Failure] = []
  ) throws(FormatError) -> RewriteResult {
    let (part, probes) = (job.part(identity, of: all), all.map { job.probes[$0.index] })
    // What loses its target by rounding is known only of all together.
    let table = part == nil ? job.request.table ?? TableRounding.dtype(of: link.kept) : .f32
    let rounding = try TableRounding(
      all.map(\.memory), to: table, probes, beside: link.kept, model: job.model)
    // What a part is rounded to is known only when it is merged.
    let told = part == nil && table != TableRounding.dtype(of: link.kept) ? table : nil
    let compiled = try rounding.compiled.map { memory throws(FormatError) in try memory.telling(table: told) }
    let maps = job.map(probes)
    let unscored = link.kept + compiled.map { $0.memory(scores: .null) }
    let set = try MemorySet(unscored, for: job.model.transformer)
    let evaluation = Evaluation(probes, compiled, model: job.model, progress: progress)
    let results = evaluation.results(set, on: job.model)
    job.clock.lap(.evaluate)
    var link = link
    try job.link(&link, results, probes, set: set)
    let contradictions = try Contradiction.all(
      results, probes, link: link, memories: unscored, set: set, model: job.model)
    job.clock.lap(.evaluate)

    let memories = zip(compiled, results).map { memory, result in
      memory.memory(scores: part == nil ? result.scores : result.scores.adding(memory.notes))
    }
    try job.emit(memories, beside: link.kept, identity: identity, part: part, early: early) { written in
      evaluation.results(written.memories, on: written, as: "verifying") == results
    }
    let figures = try job.draw(compiled, probes, results, maps, surroundings)
    return RewriteResult(
      compiled: compiled, results: results, link: link, contradictions: contradictions,
      failures: (failures + job.failures).sorted { $0.index < $1.index }, maps: maps, figures: figures,
      targetTexts: compiled.map { $0.targetIDs.map(job.model.tokenizer.text(of:)) }, warnings: job.warnings,
      table: table, unrounded: rounding.unrounded, costs: job.clock.costs)
  }
}
