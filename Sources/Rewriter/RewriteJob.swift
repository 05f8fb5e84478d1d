import Format
import Foundation
import Runtime

/// One rewrite under way: the steps of the pipeline, with the model that they share.
struct RewriteJob {
  let request: RewriteRequest
  let specs: [MemorySpec]
  let checkpoint: Checkpoint
  let model: LanguageModel
  let clock: StageClock
  let progress: @Sendable (StepProgress) -> Void
  private let pool: WorkerPool
  private var settings: CompilerSettings { request.settings }

  /// Where targets run into prompts, of many the first.
  var seamHints: [String] {
    let hints = specs.compactMap(\.seamHint)
    return hints.count > 4 ? hints.prefix(3) + ["and so do the targets of \(hints.count - 3) more memories"] : hints
  }

  init(
    _ request: RewriteRequest, _ checkpoint: Checkpoint, pool: WorkerPool,
    progress: @escaping @Sendable (StepProgress) -> Void
  ) throws(FormatError) {
    (self.request, self.checkpoint, self.pool, self.progress) = (request, checkpoint, pool, progress)
    specs = request.specs
    clock = StageClock(pool)
    model = try LanguageModel(checkpoint, pool: pool)
  }

  /// What the model writes before a compile, for memories to be told from.
  struct WrittenTexts {
    var background: Background?
    /// What users say in chats; none where no memory is for chat.
    var turns: [String] = []
  }

  /// Pass 1 for every memory, and the texts that the model writes, in one run.
  func probe(_ statistics: OpenStatistics?) throws(FormatError) -> (probes: [Probe], written: WrittenTexts) {
    defer { clock.lap(.probe) }
    let isWritten = request.background == nil && statistics?.known == nil && specs.contains(where: \.isOpen)
    let background = isWritten ? Background.requests(model, settings: settings) : []
    var turns: [Continuations.Request] = []
    if specs.contains(where: { $0.isChat && $0.isOpen }) {
      turns = ChatTurns.requests(ChatForm(try model.chatTemplate()), model: model, settings: settings)
    }
    let (probes, drawn) = try Probe.all(
      specs, beside: background + turns, seed: request.seed, model: model, settings: settings
    ) { progress(StepProgress("probing", $0, of: $1, .prompts)) }
    var written = WrittenTexts()
    written.background =
      isWritten
      ? Background(drawn: drawn.ids[..<background.count], model: model)
      : statistics?.known?.background ?? givenBackground()
    written.turns = ChatTurns(drawn: drawn.ids[background.count...], model: model).words
    return (probes, written)
  }

  /// Passes 2 to 5 for every memory, in the order of the spec: later ones are made beside the earlier.
  func compile(
    _ probes: [Probe], in surroundings: Surroundings?, beside kept: [Memory]
  ) throws(FormatError) -> [CompiledMemory] {
    var compiled: [CompiledMemory] = []
    var ready: [Int: CompiledMemory] = [:]
    var tried: Set<Int> = []
    let families = surroundings.map {
      FamilyCompiler(model: model, surroundings: $0, settings: settings, clock: clock)
    }
    for (i, probe) in probes.enumerated() {
      progress(StepProgress("compiling", i, of: probes.count, .memories, detail: probe.spec.name))
      if let families, !tried.contains(i) {
        let made = try families.memories(from: i, among: probes, tried: &tried)
        ready.merge(made) { known, _ in known }
      }
      if let memory = ready[i] {
        compiled.append(memory)
        continue
      }
      guard let surroundings, probe.spec.isOpen else {
        compiled.append(try SeedCompiler(probe, model: model, settings: settings, clock: clock).memory())
        continue
      }
      let related = try RelatedMemory.all(
        of: i, among: probes, rows: compiled.map(\.rows), kept: kept,
        at: settings.subjectSite(model.transformer.shape), model: model)
      compiled.append(
        try OneRegionCompiler(
          probe: probe, model: model, surroundings: surroundings, index: i, related: related, settings: settings,
          clock: clock
        ).memory())
    }
    return compiled
  }

  /// The token × layer map of every memory, where it was asked for.
  func map(_ probes: [Probe]) -> [[PatchTrial]] {
    guard request.map else { return [] }
    defer { clock.lap(.map) }
    return probes.map { Locate(settings: settings).map($0, model: model) }
  }

  /// Pass 6.
  func link(_ link: inout Link, _ memories: [Memory], _ set: MemorySet) throws(FormatError) {
    progress(StepProgress("linking"))
    try link.findCrossings(memories, set: set, model: model)
    clock.lap(.link)
  }

  /// Pass 7.
  ///
  /// - Parameter holds: whether a model reopened from a written file answers as the one in memory did.
  func emit(
    _ memories: [Memory], identity: String?, holds: (LanguageModel) -> Bool
  ) throws(FormatError) {
    guard request.output != nil || request.sidecar != nil else { return }
    let emit = Emit(
      checkpoint: checkpoint, output: request.output, sidecar: request.sidecar, replacing: request.replacing)
    try emit.write(
      memories, identity: identity ?? checkpoint.identity(progress: progress),
      progress: { [progress] in progress(StepProgress("writing", $0, of: $1)) }
    ) { written, path throws(FormatError) in
      clock.lap(.write)
      progress(StepProgress("verifying"))
      guard holds(try LanguageModel(written, pool: pool)) else {
        throw FormatError(.memoryTable, path, "the written file answers otherwise than the model it was made from")
      }
      clock.lap(.verify)
    }
    clock.lap(.write)
  }

  /// The report's figures, where they were asked for.
  func draw(
    _ compiled: [CompiledMemory], _ probes: [Probe], _ results: [MemoryResult], _ maps: [[PatchTrial]],
    _ surroundings: Surroundings?
  ) throws(FormatError) -> [MemoryFigures] {
    guard request.figures else { return [] }
    let surroundings =
      surroundings
      ?? Surroundings(
        model,
        background: givenBackground() ?? Background(writtenBy: model, seed: request.seed, settings: settings),
        prompts: [], sites: [], settings: settings)
    let chosen = MemoryFigures.chosen(results.map { $0.prompts.allSatisfy(\.holds) })
    var figures: [MemoryFigures] = []
    for i in chosen {
      progress(StepProgress("drawing", figures.count, of: chosen.count, .memories, detail: probes[i].spec.name))
      let isMapped = figures.count < MemoryFigures.mapLimit
      let map =
        i < maps.count ? maps[i] : isMapped ? Locate(settings: settings).map(probes[i], model: model) : []
      figures.append(
        try MemoryFigures(
          i, of: compiled, probe: probes[i], result: results[i], surroundings: surroundings, map: map, model: model))
    }
    clock.lap(.figures)
    return figures
  }
}

// MARK: - Surroundings

extension RewriteJob {
  /// The file of statistics that a rewrite was given.
  struct OpenStatistics {
    let path: String
    let origin: Statistics.Origin
    /// nil where the file is still to be made.
    let known: Statistics?
  }

  func openStatistics() throws(FormatError) -> OpenStatistics? {
    guard let path = request.statistics else { return nil }
    let origin = Statistics.Origin(
      checkpoint, seed: request.seed, given: request.background, settings: settings, progress: progress)
    let isWanted = specs.contains(where: \.isOpen)
    let known = isWanted && access(path, F_OK) == 0 ? try Statistics(path: path, of: origin, model: model) : nil
    return OpenStatistics(path: path, origin: origin, known: known)
  }

  /// The request's text that memories should leave alone.
  private func givenBackground() -> Background? {
    request.background.map { Background(texts: $0, tokenizer: model.tokenizer, settings: settings) }
  }

  /// The surroundings of the memories whose address is the compiler's to choose; nil where there is none.
  func surround(
    _ probes: [Probe], by written: WrittenTexts, beside kept: [Memory], _ statistics: OpenStatistics?
  ) throws(FormatError) -> Surroundings? {
    defer { clock.lap(.background) }
    let open = probes.filter(\.spec.isOpen)
    guard let background = written.background, !open.isEmpty else { return nil }
    let shape = model.transformer.shape
    var sites: [SiteAddress] = []
    if open.contains(where: { $0.spec.keyToken != .last }) { sites.append(settings.subjectSite(shape)) }
    let isGated = open.contains { $0.spec.keyToken == .auto }
    if open.contains(where: { $0.spec.keyToken == .last }) { sites += settings.lastTokenSites(shape) }
    var prompts = probes.map { (ids: $0.keyIDs, subject: $0.subjectToken(model.tokenizer)) }
    for memory in kept where !memory.prompt.isEmpty {
      let (text, ids) = (try model.style(of: memory).text(memory.prompt), try model.encode(promptOf: memory))
      let subject = memory.subject.flatMap { model.tokenizer.lastToken(of: $0, in: text, ids: ids) }
      prompts.append((ids: ids, subject: subject))
    }
    progress(StepProgress("running the background"))
    return Surroundings(
      model, background: background, turns: written.turns, prompts: prompts, sites: sites,
      sentenceSites: isGated ? settings.hereSites(shape) + settings.rowSites(shape) : [],
      known: statistics?.known?.activations ?? [:],
      settings: settings)
  }

  /// Keeps what later rewrites of the base can use, where that is more than the file has.
  func keep(_ statistics: OpenStatistics?, _ surroundings: Surroundings?) throws(FormatError) {
    guard let statistics, let surroundings else { return }
    let activations = surroundings.commonActivations
    guard activations.count > statistics.known?.activations.count ?? 0 else { return }
    do {
      try Statistics(background: surroundings.background, activations: activations).write(
        to: statistics.path, of: statistics.origin, model: model)
    } catch {
      throw error.afterWriting([request.output, request.sidecar].compactMap(\.self))
    }
  }
}

extension RewriteRequest {
  /// Checks, before any work is done, what can be known to go wrong with the files to be written.
  func checkOutputs(beside checkpoint: Checkpoint) throws(FormatError) {
    let outputs = [output, sidecar].compactMap(\.self)
    try checkpoint.checkOutputs(outputs, replacing: replacing)
    guard let statistics else { return }
    if let output = outputs.first(where: { areSameFile($0, statistics) }) {
      throw FormatError(.sameFile, output, "output and statistics are the same file")
    }
    if access(statistics, F_OK) != 0 { try checkpoint.checkOutput(statistics, replacing: true) }
  }
}
