import Format
import Foundation
import Runtime

/// One rewrite under way: the steps of the pipeline, with the model that they share.
final class RewriteJob {
  let request: RewriteRequest
  /// The memories that can be compiled, and their places in the request's spec.
  let specs: [MemorySpec]
  private let places: [Int]
  /// One per spec; of those outside of the request's share only the ids are known.
  private(set) var probes: [Probe]
  let plan: CompilePlan
  private(set) var failures: [MemoryPart.Failure] = []
  let checkpoint: Checkpoint
  let model: LanguageModel
  let clock: StageClock
  let progress: @Sendable (StepProgress) -> Void
  private let pool: WorkerPool
  private var settings: CompilerSettings { request.settings }

  /// What the user should know of the base and of the spec: of targets that run into prompts the first.
  var warnings: [String] {
    let hints = specs.compactMap(\.seamHint)
    return model.warnings
      + (hints.count > 4
        ? hints.prefix(3) + ["and so do the targets of \(hints.count - 3) more memories"] : hints)
  }

  /// - Throws: `FormatError` for a memory that cannot be compiled, where the request does not leave such out.
  init(
    _ request: RewriteRequest, _ checkpoint: Checkpoint, pool: WorkerPool,
    progress: @escaping @Sendable (StepProgress) -> Void
  ) throws(FormatError) {
    (self.request, self.checkpoint, self.pool, self.progress) = (request, checkpoint, pool, progress)
    clock = StageClock(pool)
    model = try LanguageModel(checkpoint, pool: pool)
    var (probes, places): ([Probe], [Int]) = ([], [])
    for (i, spec) in request.specs.enumerated() {
      do {
        probes.append(try Probe(encoding: spec, model: model))
        places.append(i)
      } catch {
        guard request.keepsGoing else { throw error }
        failures.append(.init(index: i, name: spec.name, problem: error.description))
      }
    }
    (self.probes, self.places, specs) = (probes, places, probes.map(\.spec))
    plan = CompilePlan(specs)
  }

  /// Leaves a memory out, or ends the rewrite where the request does not leave any out.
  func leaveOut(_ index: Int, _ error: FormatError) throws(FormatError) {
    guard request.keepsGoing else { throw error }
    failures.append(.init(index: places[index], name: specs[index].name, problem: error.description))
  }

  /// The places in the request's spec of memories of `specs`.
  func places(of indices: [Int]) -> [Int] { indices.map { places[$0] } }

  /// The places in `specs` of the memories of the request's share that can be compiled.
  var share: [Int] {
    let failed = Set(failures.map(\.index))
    return plan.families(of: request.share).flatMap(\.members).filter { !failed.contains(places[$0]) }.sorted()
  }

  /// What the model writes before a compile, for memories to be told from.
  struct WrittenTexts {
    var background: Background?
    /// What users say in chats; none where no memory is for chat.
    var turns: [String] = []
    /// Text of many kinds; none where facts are few.
    var wide: [[Int]] = []
  }

  /// Whether there are so many facts that together they would often take other text for their subjects.
  var isOfMany: Bool { specs.count >= settings.manyFacts }

  /// Pass 1 for every memory of the share, and the texts that the model writes, in one run.
  func probe(_ statistics: OpenStatistics?) throws(FormatError) -> WrittenTexts {
    defer { clock.lap(.probe) }
    let isWritten = request.background == nil && statistics?.known == nil && specs.contains(where: \.isOpen)
    let isWide = isOfMany && specs.contains { $0.isOpen && $0.keyToken != .last }
    let background = isWritten ? Background.requests(model, settings: settings) : []
    var turns: [Continuations.Request] = []
    if specs.contains(where: { $0.isChat && $0.isOpen }) {
      turns = ChatTurns.requests(ChatForm(try model.chatTemplate()), model: model, settings: settings)
    }
    let drawn = try Probe.ask(
      &probes, share, beside: background + turns, seed: request.seed, model: model, settings: settings,
      progress: { progress(StepProgress("probing", $0, of: $1, .prompts)) }, failed: leaveOut)
    var written = WrittenTexts()
    written.background =
      isWritten
      ? Background(drawn: drawn.ids[..<background.count], model: model)
      : statistics?.known?.background ?? givenBackground()
    if isWide {
      let (count, known) = (WideText.count(for: specs.count, settings), statistics?.known?.wide ?? [])
      written.wide = WideText(count, known: known, model: model, settings: settings).texts
    }
    written.turns = ChatTurns(drawn: drawn.ids[background.count...], model: model).words
    return written
  }

  /// Asks the base model about all memories, for memories that are compiled already.
  func ask() throws(FormatError) {
    defer { clock.lap(.probe) }
    _ = try Probe.ask(
      &probes, Array(probes.indices), model: model, settings: settings,
      progress: { progress(StepProgress("probing", $0, of: $1, .prompts)) }, failed: leaveOut)
  }

  /// The token × layer map of memories, where it was asked for.
  func map(_ probes: [Probe]) -> [[PatchTrial]] {
    guard request.map else { return [] }
    defer { clock.lap(.map) }
    return probes.map { Locate(settings: settings).map($0, model: model) }
  }

  /// Pass 6, from what the prompts of the new memories came out as.
  func link(
    _ link: inout Link, _ results: [MemoryResult], _ probes: [Probe], set: MemorySet
  ) throws(FormatError) {
    progress(StepProgress("linking"))
    try link.findCrossings(
      results.map { $0.prompts.first?.firings ?? [] }, of: probes, set: set, model: model)
    clock.lap(.link)
  }

  /// Pass 7.
  ///
  /// - Parameters:
  ///   - kept: the base's memories, which a part is written without.
  ///   - part: what the sidecar is a part of; nil where it stands by itself.
  ///   - early: the base on its way to the output.
  ///   - holds: whether a model reopened from a written file answers as the one in memory did.
  func emit(
    _ memories: [Memory], beside kept: [Memory], identity: BaseIdentity, part: MemoryPart?, early: EarlyCopy?,
    holds: (LanguageModel) -> Bool
  ) throws(FormatError) {
    guard request.output != nil || request.sidecar != nil else { return }
    progress(StepProgress("writing"))
    let emit = Emit(
      checkpoint: checkpoint, output: request.output, sidecar: request.sidecar, replacing: request.replacing,
      part: part, early: early)
    try emit.write(
      memories, beside: kept, identity: identity.wait(),
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
    by written: WrittenTexts, beside kept: [Memory], _ statistics: OpenStatistics?
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
      model, background: background, turns: written.turns, wide: written.wide, prompts: prompts, sites: sites,
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
      try Statistics(
        background: surroundings.background, wide: surroundings.wideTexts, activations: activations
      ).write(
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
