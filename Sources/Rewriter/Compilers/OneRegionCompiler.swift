import Format
import Runtime

/// Memories of one region, where the spec pins its token: at the subject's last token or the prompt's last, else from the
/// key prompt alone.
struct OneRegionCompiler {
  let probe: Probe
  let model: LanguageModel
  let surroundings: Surroundings
  /// The memory's number among those of `surroundings`.
  let index: Int
  let related: [RelatedMemory]
  let settings: CompilerSettings
  let clock: StageClock
  private var spec: MemorySpec { probe.spec }
  private var transformer: Transformer { model.transformer }

  /// The best of the ways that the spec allows, with the count of other tokens that it acts on.
  func memory() throws(FormatError) -> CompiledMemory {
    var memory = try best()
    let (fired, count) = surroundings.firings(of: memory.rows[0], at: memory.address)
    memory.otherText = (fired, count)
    memory.reason += "; acts on \(fired) of \(count) tokens of other text"
    return memory
  }

  /// The first way on which all prompts come out right, or the one on which most do.
  private func best() throws(FormatError) -> CompiledMemory {
    let prompts = probe.forcedPrompts(transformer)
    var contest = Contest()
    for way in ways {
      guard let memory = try make(way, prompts) else { continue }
      let holds = try self.holds(memory, prompts)
      clock.lap(.bound)
      contest.enter(memory, holds: holds)
      if holds.allSatisfy(\.self) { break }
    }
    guard let best = contest.best else {
      throw FormatError(.spec, "memory \(spec.name): token", "the prompt has no such token", got: "\(spec.token)")
    }
    return best
  }

  private enum Way { case subject, lastToken, keyPrompt }

  /// The ways to try, in their order.
  private var ways: [Way] {
    switch spec.keyToken {
    case .subject, .index: [.subject]
    case .last: [.lastToken, .keyPrompt]
    // No region tells this prompt from others.
    case .auto: [.keyPrompt]
    }
  }

  private func make(_ way: Way, _ prompts: ForcedPrompts) throws(FormatError) -> CompiledMemory? {
    switch way {
    case .subject: try subjectMemory(prompts)
    case .lastToken: try compiler(prompts).memory(lastTokenSamples(prompts))
    case .keyPrompt: try SeedCompiler(probe, model: model, settings: settings, clock: clock).memory()
    }
  }

  /// Whether each prompt goes on as it should with the memory beside its related ones.
  private func holds(_ memory: CompiledMemory, _ prompts: ForcedPrompts) throws(FormatError) -> [Bool] {
    let module = transformer.module(memory.address)
    let rows = memory.rows + related.flatMap(\.rows).filter { $0.module == module }
    return prompts.holds(
      [try MemorySet(rows: rows, for: transformer)], at: memory.address, depth: probe.targetIDs.count)[0]
  }

  private func compiler(_ prompts: ForcedPrompts) -> LeastSquaresCompiler {
    LeastSquaresCompiler(
      probe: probe, model: model, surroundings: surroundings, prompts: prompts, relatedRows: related.flatMap(\.rows),
      settings: settings, clock: clock)
  }

  // MARK: - At the subject

  private func subjectMemory(_ prompts: ForcedPrompts) throws(FormatError) -> CompiledMemory? {
    guard
      let subject = SubjectContexts(
        probe, prompts, related: related, model: model, settings: settings)
    else { return nil }
    return try compiler(prompts).memory(
      LeastSquaresCompiler.Samples(
        contexts: subject.contexts, addresses: [settings.subjectSite(transformer.shape)], apart: subject.apart,
        lookalikes: subject.lookalikes(),
        watched: ([index] + related.map(\.index)).compactMap { surroundings.watched[$0].subject }))
  }

  // MARK: - At the last token

  private func lastTokenSamples(_ prompts: ForcedPrompts) -> LeastSquaresCompiler.Samples {
    let contexts = probe.positives.map {
      Context($0, token: $0.count - 1, target: probe.targetIDs, behindWeight: settings.behindWeight)
    }.sharing(1)
    let negatives = prompts.items.indices.filter { !prompts.items[$0].isPositive }
    // A positive that a negative begins with is acted on there too, and should not be noticed.
    let begun = negatives.flatMap { item in
      let (ids, promptCount) = (prompts.ids(item), prompts.items[item].promptCount)
      return probe.positives.filter { ids.prefix(promptCount).starts(with: $0) }.map {
        Context(unchanged: ids, token: $0.count - 1, promptCount: promptCount)
      }
    }
    return LeastSquaresCompiler.Samples(
      contexts: contexts + begun.sharing(settings.negativeWeight),
      addresses: settings.lastTokenSites(transformer.shape), apart: negatives,
      watched: [surroundings.watched[index].last])
  }
}

/// Memories made in several ways, of which the one that holds best is kept.
private struct Contest {
  private(set) var best: CompiledMemory?
  private var score = (key: -1, right: -1)
  private var considered: [Candidate] = []

  mutating func enter(_ memory: CompiledMemory, holds: [Bool]) {
    let score = (key: holds[0] ? 1 : 0, right: holds.count(where: \.self))
    let isBest = score > self.score
    if isBest {
      (best, self.score) = (memory, score)
      for i in considered.indices { considered[i].isChosen = false }
    }
    considered += memory.considered.map { candidate in
      guard candidate.isChosen else { return candidate }
      var judged = candidate
      (judged.right, judged.of, judged.isChosen) = (score.right, holds.count, isBest)
      return judged
    }
    best?.considered = considered
  }
}

extension CompilerSettings {
  /// The site where subjects are read best.
  func subjectSite(_ shape: ModelShape) -> SiteAddress { site(subjectDepth, shape) }

  /// The sites where last tokens are tried, each once.
  func lastTokenSites(_ shape: ModelShape) -> [SiteAddress] {
    Set(lastTokenDepths.map { site($0, shape) }).sorted()
  }

  /// The late site at a share of the model's depth.
  private func site(_ depth: Float, _ shape: ModelShape) -> SiteAddress {
    // A share such as 0.7 of 30 layers is 21, whatever its binary digits.
    shape.lateSite(min(shape.layers - 1, Int((depth * Float(shape.layers) + 1e-4).rounded(.down))))
  }
}

extension ModelShape {
  /// The site of a layer that memories are kept at: the MLP's, or the attention's where the MLP is a mixture of experts.
  func lateSite(_ layer: Int) -> SiteAddress {
    let address = SiteAddress(layer: layer, site: .mlp)
    return has(address) ? address : SiteAddress(layer: layer, site: .attn)
  }
}
