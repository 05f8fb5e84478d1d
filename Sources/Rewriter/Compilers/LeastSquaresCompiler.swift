import Format
import Runtime

/// A memory of one row from several contexts: a key by least squares at the address that separates best, and a delta
/// refined on all contexts at once.
struct LeastSquaresCompiler {
  let probe: Probe
  let model: LanguageModel
  let surroundings: Surroundings
  let prompts: ForcedPrompts
  /// Rows of related memories, which act beside this one.
  let relatedRows: [MemoryRow]
  let settings: CompilerSettings
  let clock: StageClock
  private var spec: MemorySpec { probe.spec }
  private var transformer: Transformer { model.transformer }

  /// The samples and texts of one way to make the memory.
  struct Samples {
    /// The key prompt's context first.
    var contexts: [Context]
    /// Addresses to choose from.
    var addresses: [SiteAddress]
    /// Items of the prompts whose tokens should stay outside.
    var apart: [Int]
    /// Texts about other subjects, and the token of each that should stay outside.
    var lookalikes: [(ids: [Int], token: Int)] = []
    /// The samples of `surroundings` that belong to this memory and its related ones.
    var watched: [Int]
  }

  /// A key at one address.
  private struct Fit {
    var address: SiteAddress
    var key: LinearKey
    var separation: Separation
  }

  /// A row at that of the addresses where the key tells its contexts' tokens best from all others.
  func memory(_ samples: Samples) throws(FormatError) -> CompiledMemory {
    let beginnings = Beginnings(sites: Set(samples.addresses), transformer: transformer)
    let run = ContextRun(samples.contexts, behind: beginnings, transformer: transformer)
    let fits = fits(samples, run)
    let fit =
      fits.reduce(nil as Fit?) { best, fit in
        best.map { fit.separation.isClearer(than: $0.separation) ? fit : $0 } ?? fit
      } ?? unfitted(run, at: samples.addresses[0])
    clock.lap(.key)
    let token = samples.contexts[0].token
    let isAtSubject = token != probe.keyIDs.count - 1
    let (row, steps) = try refinedRow(fit, run, token: token, isAtSubject: isAtSubject)
    clock.lap(.delta)
    var counts = run.counts
    counts.lookalikes = samples.lookalikes.reduce(0) { $0 + $1.ids.count }
    return CompiledMemory(
      spec: spec, targetIDs: probe.targetIDs, address: fit.address,
      token: keyToken(token, isAtSubject: isAtSubject), rows: [row], steps: [steps],
      reason: "\(isAtSubject ? "the subject's" : "the prompt's") last token, key by least squares; "
        + fit.separation.description,
      considered: fits.map { Candidate($0.address, token: token, separation: $0.separation) }.choosing(fit.address),
      contexts: counts)
  }

  // MARK: - The key

  private func fits(_ samples: Samples, _ run: ContextRun) -> [Fit] {
    let lookalikes = TextActivations(
      samples.lookalikes.map(\.ids), keeping: samples.lookalikes.map { [$0.token] }, transformer: transformer)
    let excluded = Set(samples.contexts.map(\.head))
    return samples.addresses.compactMap { address in
      var keys = surroundings.keys(at: address)
      let (own, rest) = run.activations(address)
      let ownSamples = keys.count..<(keys.count + own.rows)
      let fits = keys.count + own.rows + rest.rows < rest.width
      keys.append(own, weight: fits ? 1 : settings.positiveWeight, pool: transformer.pool)
      keys.append(rest, pool: transformer.pool)
      keys.append(lookalikes.activations(address), pool: transformer.pool)
      let others = prompts.activations(of: samples.apart, address, excluding: excluded)
      keys.append(others, pool: transformer.pool)
      // The key prompt's token is among the surroundings' samples too, so that it cannot be left out of the fit.
      var (key, leftOut) = keys.solve(
        positives: samples.watched + ownSamples, judged: Array(ownSamples.dropFirst()))
      let fitted = run.contexts.indices.map { key.similarity(run.activation($0, address)) }
      let mean = fitted.reduce(0, +) / Float(fitted.count)
      guard mean > settings.smallestFit, mean.isFinite else { return nil }
      key.calibrate(mean: mean)
      let separation = separation(
        positives: fitted.map { $0 / mean }, others: (0..<others.rows).map { key.similarity(others.row($0)) },
        leftOut: leftOut.map { $0 / mean })
      return Fit(address: address, key: key, separation: separation)
    }
  }

  /// The activation itself as the key, where no fit is one.
  private func unfitted(_ run: ContextRun, at address: SiteAddress) -> Fit {
    Fit(
      address: address, key: LinearKey(direction: run.activation(0, address)),
      separation: separation(positives: [], others: [], leftOut: []))
  }

  private var hardness: Float { spec.hardness.value.map { Float($0) } ?? settings.hardness }

  private func separation(positives: [Float], others: [Float], leftOut: [Float]) -> Separation {
    Separation(
      positives: positives, others: others, leftOut: leftOut, boundary: spec.boundary.value.map { Float($0) },
      usual: settings.boundary, hardness: hardness, settings: settings)
  }

  // MARK: - The delta

  private func refinedRow(
    _ fit: Fit, _ run: ContextRun, token: Int, isAtSubject: Bool
  ) throws(FormatError) -> (row: MemoryRow, steps: Int) {
    let (boundary, module) = (fit.separation.boundary, transformer.module(fit.address))
    let strengths = run.contexts.indices.map {
      MemoryRegion.strength(
        similarity: fit.key.similarity(run.activation($0, fit.address)), boundary: boundary, hardness: hardness)
    }
    let beside = relatedRows.filter { $0.module == module }
    var descent = Descent(
      run, strengths: strengths, offsets: run.additions(of: beside, at: fit.address), at: fit.address,
      settings: settings)
    func row(_ descent: Descent) -> MemoryRow {
      MemoryRow(
        module: module, position: token, targetID: probe.targetIDs[0], alpha: descent.alpha, boundary: boundary,
        hardness: hardness, key: fit.key.values, delta: descent.delta)
    }
    descent.descend()
    if isAtSubject {
      try RepetitionGuard(probe: probe, model: model, settings: settings).refine(&descent) {
        descent throws(FormatError) in
        try MemorySet(rows: beside + [row(descent)], for: transformer)
      }
    }
    return (row(descent), descent.steps)
  }

  private func keyToken(_ token: Int, isAtSubject: Bool) -> MemorySpec.Token {
    if spec.token != .auto { return spec.token }
    if !isAtSubject { return .last }
    return spec.subject != nil ? .subject : .index(token)
  }
}
