import Format
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

  /// Compiles a spec and writes the files that the request names.
  ///
  /// - Throws: `FormatError`; no output has its name then, unless the error says which one has.
  public func run(_ request: RewriteRequest) throws(FormatError) -> RewriteResult {
    try request.checkOutputs(beside: checkpoint)
    let job = try RewriteJob(request, checkpoint, pool: pool, progress: progress)
    let model = job.model
    let warnings = model.warnings + job.seamHints
    warn(warnings)
    var link = try Link(checkpoint.memories, adding: job.specs)
    job.clock.lap(.load)

    let statistics = try job.openStatistics()
    let (probes, written) = try job.probe(statistics)
    let surroundings = try job.surround(probes, by: written, beside: link.kept, statistics)
    let table = request.table ?? TableRounding.dtype(of: link.kept)
    let rounding = try TableRounding(
      job.compile(probes, in: surroundings, beside: link.kept), to: table, probes, beside: link.kept, model: model)
    let compiled = rounding.compiled
    let maps = job.map(probes)

    let unscored = link.kept + compiled.map { $0.memory(scores: .null) }
    let set = try MemorySet(unscored, for: model.transformer)
    try job.link(&link, unscored, set)
    let evaluation = Evaluation(probes, compiled, model: model)
    let results = evaluation.results(set, on: model)
    let contradictions = try Contradiction.all(
      results, probes, link: link, memories: unscored, set: set, model: model)
    job.clock.lap(.evaluate)

    let memories = link.kept + zip(compiled, results).map { $0.memory(scores: $1.scores) }
    try job.emit(memories, identity: statistics?.origin.base) { written in
      evaluation.results(written.memories, on: written) == results
    }
    try job.keep(statistics, surroundings)
    let figures = try job.draw(compiled, probes, results, maps, surroundings)
    return RewriteResult(
      compiled: compiled, results: results, link: link, contradictions: contradictions, maps: maps, figures: figures,
      targetTexts: compiled.map { $0.targetIDs.map(model.tokenizer.text(of:)) }, warnings: warnings,
      table: table, unrounded: rounding.unrounded, costs: job.clock.costs)
  }
}
