import Format
import Foundation
import Runtime

/// What a rewrite is asked to do.
public struct RewriteRequest: Sendable {
  public var spec: Spec
  /// Replaces every memory's own method.
  public var method: MemorySpec.Method?
  /// Nil computes and tells, but writes nothing.
  public var output: String?
  /// Where the memories alone go.
  public var sidecar: String?
  public var replacing: Bool
  /// Makes the token × layer map of every key prompt.
  public var map: Bool
  /// Computes what the report draws.
  public var figures: Bool
  /// For the text that the model writes as a background.
  public var seed: UInt64
  /// Texts to take as a background instead.
  public var background: [String]?
  /// A file that keeps the background and its activations for later rewrites of the same base; made where it is not
  /// there.
  public var statistics: String?

  public init(
    spec: Spec, method: MemorySpec.Method? = nil, output: String?, sidecar: String? = nil, replacing: Bool = false,
    map: Bool = false, figures: Bool = false,
    seed: UInt64 = 0, background: [String]? = nil, statistics: String? = nil
  ) {
    self.spec = spec
    self.method = method
    self.output = output
    self.sidecar = sidecar
    self.replacing = replacing
    self.map = map
    self.figures = figures
    self.seed = seed
    self.background = background
    self.statistics = statistics
  }
}

/// What a rewrite did.
public struct RewriteResult: Sendable {
  public var compiled: [CompiledMemory]
  /// Of each compiled memory, on the written file (or, without one, on the model in memory).
  public var results: [MemoryResult]
  public var link: Link
  /// Token × layer maps, one a compiled memory; empty unless asked for.
  public var maps: [[PatchTrial]]
  /// What the report draws, of the memories that it shows closely; empty unless asked for.
  public var figures: [MemoryFigures]
  /// Target tokens as text, one list a compiled memory.
  public var targetTexts: [[String]]
  /// What the passes took, of all memories together; without those that were not needed.
  public var costs: [Pass: PassCost]

  /// Whether every memory gives its target on its own key prompt. A memory that the spec pins down entirely is computed
  /// as told and leaves the compiler nothing to reach the target by: it is reported, not counted here.
  public var holds: Bool { zip(compiled, results).allSatisfy { $1.keyHolds || $0.spec.isPinned } }
}

/// The compiler: its passes in their order.
public struct Pipeline {
  let checkpoint: Checkpoint
  let pool: WorkerPool
  let progress: @Sendable (StepProgress) -> Void

  public init(
    _ checkpoint: Checkpoint, pool: WorkerPool, progress: @escaping @Sendable (StepProgress) -> Void = { _ in }
  ) {
    self.checkpoint = checkpoint
    self.pool = pool
    self.progress = progress
  }

  /// - Throws: `FormatError`; nothing has been written then.
  public func run(_ request: RewriteRequest) throws(FormatError) -> RewriteResult {
    let outputs = [request.output, request.sidecar].compactMap(\.self)
    try checkpoint.checkOutputs(outputs, replacing: request.replacing)
    if let statistics = request.statistics, let output = outputs.first(where: { areSameFile($0, statistics) }) {
      throw FormatError(.sameFile, output, "output and statistics are the same file")
    }
    let clock = PassClock(pool)
    var specs = request.spec.memories
    if let method = request.method { for i in specs.indices { specs[i].method = method } }
    let model = try LanguageModel(checkpoint, pool: pool)
    var link = try Link(checkpoint.memories, adding: specs)
    clock.lap(.load)

    var compiled: [CompiledMemory] = []
    var probes: [Probe] = []
    var maps: [[PatchTrial]] = []
    for (i, spec) in specs.enumerated() {
      progress(StepProgress("probing", i, of: specs.count, .memories, detail: spec.name))
      probes.append(try Probe(spec, model: model))
      clock.lap(.probe)
    }
    let origin = try request.statistics.map { _ throws(FormatError) in
      try Statistics.Origin(checkpoint, seed: request.seed, given: request.background, progress: progress)
    }
    let surroundings = try surroundings(of: probes, beside: link.kept, request, origin, model: model)
    clock.lap(.background)
    for (i, probe) in probes.enumerated() {
      progress(StepProgress("compiling", i, of: probes.count, .memories, detail: probe.spec.name))
      if let surroundings, probe.spec.isOpen {
        compiled.append(
          try AutoCompile(
            probe: probe, model: model, surroundings: surroundings, index: i,
            companions: try Companion.all(
              of: i, among: probes, compiled: compiled, kept: link.kept, model: model), clock: clock
          ).memory())
      } else {
        compiled.append(try Compile(probe, model: model, clock: clock).memory())
      }
      if request.map {
        maps.append(try Self.map(probe, model: model))
        clock.lap(.map)
      }
    }

    progress(StepProgress("linking"))
    var memories = link.kept + compiled.map { Self.memory($0, scores: .null) }
    let set = try MemorySet(memories, for: model.transformer)
    try link.findCrossings(memories, set: set, model: model)
    clock.lap(.link)
    let similarities = zip(compiled, probes).map {
      MemoryResult.similarities($1.prompts, rows: $0.rows, transformer: model.transformer)
    }
    func evaluate(_ set: MemorySet, on model: LanguageModel) -> [MemoryResult] {
      zip(probes, similarities).map { MemoryResult($0, similarities: $1, memories: set, model: model) }
    }
    let results = evaluate(set, on: model)
    clock.lap(.evaluate)
    memories = link.kept + zip(compiled, results).map { Self.memory($0, scores: Self.scores($1)) }

    if let origin, let path = request.statistics { try surroundings?.keep(in: path, of: origin) }
    func verify(_ written: Checkpoint, _ path: String) throws(FormatError) {
      progress(StepProgress("verifying"))
      let reopened = try LanguageModel(written, pool: pool)
      guard evaluate(reopened.memories, on: reopened) == results else {
        throw FormatError(.memoryTable, path, "the written file answers otherwise than the model it was made from")
      }
      clock.lap(.verify)
    }
    var identity = origin?.base
    if identity == nil, !outputs.isEmpty { identity = try checkpoint.identity(progress: progress) }
    if let output = request.output {
      try checkpoint.write(
        memories: memories, to: output, replacing: request.replacing, baseHash: identity,
        progress: { [progress] in progress(StepProgress("writing", $0, of: $1)) })
      clock.lap(.write)
      try verify(Checkpoint(path: output), output)
    }
    if let sidecar = request.sidecar {
      try checkpoint.writeSidecar(
        memories: memories, to: sidecar, replacing: request.replacing, baseHash: identity)
      clock.lap(.write)
      var written = checkpoint
      written.memories = try Checkpoint(path: sidecar).memories
      try verify(written, sidecar)
    }
    var figures: [MemoryFigures] = []
    if request.figures {
      let common = surroundings ?? Surroundings(of: request, model: model, progress: progress)
      let chosen = MemoryFigures.chosen(results.map { $0.prompts.allSatisfy(\.holds) })
      for i in chosen {
        progress(StepProgress("drawing", figures.count, of: chosen.count, .memories, detail: probes[i].spec.name))
        let map =
          try i < maps.count ? maps[i] : figures.count < MemoryFigures.mapLimit ? Self.map(probes[i], model: model) : []
        figures.append(
          try MemoryFigures(
            i, of: compiled, probe: probes[i], result: results[i], surroundings: common, map: map, model: model))
      }
      clock.lap(.figures)
    }
    let texts = compiled.map { $0.targetIDs.map(model.tokenizer.text(of:)) }
    return RewriteResult(
      compiled: compiled, results: results, link: link, maps: maps, figures: figures, targetTexts: texts,
      costs: clock.costs)
  }

  /// What the memories that leave their place to the compiler should not act on; nil where none does.
  private func surroundings(
    of probes: [Probe], beside kept: [Memory], _ request: RewriteRequest, _ origin: Statistics.Origin?,
    model: LanguageModel
  ) throws(FormatError) -> Surroundings? {
    let open = probes.filter(\.spec.isOpen)
    guard !open.isEmpty else { return nil }
    progress(StepProgress("sampling the background"))
    let shape = model.transformer.shape
    var sites: [SiteAddress] = []
    if open.contains(where: { $0.spec.keyToken != .last }) { sites.append(AutoCompile.subjectSite(shape)) }
    if open.contains(where: \.mayUseLastToken) { sites += AutoCompile.lastSites(shape) }
    var prompts = probes.map { (ids: $0.keyIDs, subject: $0.subjectToken(model.tokenizer)) }
    for memory in kept where !memory.prompt.isEmpty {
      let ids = try model.encode(memory.prompt)
      let subject = memory.subject.flatMap { model.tokenizer.lastToken(of: $0, in: memory.prompt, ids: ids) }
      prompts.append((ids: ids, subject: subject))
    }
    var known: Statistics?
    if let origin, let path = request.statistics, access(path, F_OK) == 0 {
      known = try Statistics(path: path, of: origin, model: model)
    }
    let background = known?.background ?? Background(of: request, model: model, progress: progress)
    progress(StepProgress("running the background"))
    return Surroundings(
      model, background: background, prompts: prompts, sites: sites, known: known?.activations ?? [:])
  }

  /// Patches of every token of the key prompt at every site and layer: the post's figure.
  private static func map(_ probe: Probe, model: LanguageModel) throws(FormatError) -> [PatchTrial] {
    let pass = KeyPass(
      probe.keyIDs, target: probe.targetIDs[0], memories: .none(of: model.transformer),
      transformer: model.transformer)
    return probe.keyIDs.indices.flatMap { Locate.trials(pass, spec: probe.spec, token: $0) }
  }

  private static func memory(_ compiled: CompiledMemory, scores: JSONNode) -> Memory {
    let spec = compiled.spec
    return Memory(
      name: spec.name, prompt: spec.prompt, target: spec.target, targetIDs: compiled.targetIDs,
      method: spec.method.rawValue, site: compiled.address.site.rawValue, layer: compiled.address.layer,
      token: compiled.token.description, rows: compiled.rows,
      entry: spec.completeEntry, scores: scores)
  }

  private static func scores(_ result: MemoryResult) -> JSONNode {
    func count(_ positive: Bool, _ heldOut: Bool) -> JSONNode {
      let (holding, all) = result.count(positive: positive, heldOut: heldOut)
      return ["holding": .int(holding), "of": .int(all)]
    }
    return [
      "positives": count(true, false), "negatives": count(false, false),
      "held_out_positives": count(true, true),
      "held_out_negatives": count(false, true),
    ]
  }
}

extension Background {
  /// What a request gives, else what the model writes.
  fileprivate init(
    of request: RewriteRequest, model: LanguageModel, progress: (StepProgress) -> Void
  ) {
    if let texts = request.background {
      self.init(texts: texts, tokenizer: model.tokenizer)
    } else {
      self.init(writtenBy: model, seed: request.seed, progress: progress)
    }
  }
}

extension Surroundings {
  /// Those of no memory in particular.
  fileprivate convenience init(
    of request: RewriteRequest, model: LanguageModel, progress: (StepProgress) -> Void
  ) {
    self.init(
      model, background: Background(of: request, model: model, progress: progress), prompts: [], sites: [])
  }
}
