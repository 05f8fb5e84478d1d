import Format
import Runtime

/// A memory from the key prompt alone: passes 2 to 5 for each token of the target.
///
/// The key is the activation itself, so that the key prompt has x = 0 exactly; the delta is −α g, refined where the
/// method allows it; the boundary is searched on the spec's prompts.
struct SeedCompiler {
  let probe: Probe
  let model: LanguageModel
  let settings: CompilerSettings
  let clock: StageClock
  private var transformer: Transformer { model.transformer }
  private var spec: MemorySpec { probe.spec }
  private var locate: Locate { Locate(settings: settings) }

  init(_ probe: Probe, model: LanguageModel, settings: CompilerSettings, clock: StageClock) {
    (self.probe, self.model, self.settings, self.clock) = (probe, model, settings, clock)
  }

  /// The post's hardness for its method; the compiler's own keeps the region closed.
  private var hardness: Float {
    spec.hardness.value.map { Float($0) } ?? (spec.method == .seed ? 3 : settings.hardness)
  }

  /// - Throws: `FormatError` of kind `spec` where the spec asks for another token than the last: its activation is the
  ///   key here.
  func memory() throws(FormatError) -> CompiledMemory {
    guard spec.keyToken == .last || spec.keyToken == .auto else {
      throw FormatError(
        .spec, "memory \(spec.name): token", "only a memory whose place is left to the compiler takes another token",
        expected: "last, or method, site, layer and alpha auto", got: "\(spec.keyToken)")
    }
    let run = KeyRun(probe.keyIDs, target: probe.targetIDs[0], transformer: transformer)
    let trials = locate.trials(run, spec: spec)
    clock.lap(.locate)
    guard !trials.isEmpty else {
      throw FormatError(
        .spec, "memory \(spec.name)", "no site has an activation and a gradient to make a row from")
    }
    let choice = try choose(trials, run)
    let (rows, steps) = try allRows(behind: choice.attempt, prompts: choice.prompts)
    let address = choice.attempt.delta.trial.address
    return CompiledMemory(
      spec: spec, targetIDs: probe.targetIDs, address: address, token: .last, rows: rows, steps: steps,
      curve: choice.attempt.bound?.curve ?? [], trials: trials, reason: choice.reason,
      considered: choice.considered.choosing(address))
  }

  /// The first row's and, at its address, one for each later token of the target that the model would not say by
  /// itself.
  private func allRows(
    behind first: Attempt, prompts: ForcedPrompts?
  ) throws(FormatError) -> (rows: [MemoryRow], steps: [Int]) {
    var rows = [first.row]
    var steps = [first.delta.steps]
    for position in 1..<max(1, probe.targetIDs.count) {
      let run = KeyRun(
        probe.keyIDs + probe.targetIDs[..<position], target: probe.targetIDs[position],
        memories: try MemorySet(rows: rows, for: transformer), transformer: transformer)
      clock.lap(.locate)
      guard run.next != run.target else { continue }
      let trials = locate.trials(run, spec: spec.pinned(to: first.delta.trial.address))
      clock.lap(.locate)
      guard let trial = locate.best(trials).first else { continue }
      let attempt = try attempt(trial, run, before: rows, depth: position + 1, prompts: prompts, zoomed: true)
      rows.append(attempt.row)
      steps.append(attempt.delta.steps)
    }
    return (rows, steps)
  }
}

// MARK: - The first row

extension SeedCompiler {
  /// A row at one candidate.
  private struct Attempt {
    var row: MemoryRow
    var delta: Delta
    var bound: Bound?

    /// Whether the key prompt holds, how many prompts do, whether the target leads safely: better is larger.
    func rank(_ locate: Locate) -> (Int, Int, Int) {
      (bound?.point.keyHolds == true ? 1 : 0, bound?.point.score ?? 0, locate.isSafe(delta.trial) ? 1 : 0)
    }
  }

  private struct Choice {
    var attempt: Attempt
    var prompts: ForcedPrompts?
    var reason: String
    var considered: [Candidate]
  }

  /// The candidate where the first row does best on positives and negatives together.
  private func choose(_ trials: [PatchTrial], _ run: KeyRun) throws(FormatError) -> Choice {
    let places = locate.best(trials)
    if places.count == 1, spec.boundary.value != nil {
      return Choice(
        attempt: try attempt(places[0], run, before: [], depth: 1, prompts: nil, zoomed: false),
        reason: "site and layer are pinned", considered: [Candidate(places[0])])
    }
    let prompts = probe.forcedPrompts(transformer)
    let shortlist = Shortlist(trials, run, prompts: prompts, locate: locate).trials
    clock.lap(.bound)
    var (attempt, considered) = try best(of: shortlist, run, prompts)
    if shortlist.count > 1, let trial = shortlist.first(where: { $0.address == attempt.delta.trial.address }) {
      attempt = try self.attempt(trial, run, before: [], depth: 1, prompts: prompts, zoomed: true)
    }
    let point = attempt.bound?.point
    return Choice(
      attempt: attempt, prompts: prompts,
      reason: "\(places.count(where: \.reaches)) of \(places.count) places reach the target in one step; best of the "
        + "\(considered.count) tried with prompts: \(point?.positives ?? 0) positives and \(point?.negatives ?? 0) negatives right",
      considered: considered)
  }

  private func best(
    of shortlist: [PatchTrial], _ run: KeyRun, _ prompts: ForcedPrompts
  ) throws(FormatError) -> (Attempt, [Candidate]) {
    var best: Attempt?
    var considered: [Candidate] = []
    for trial in shortlist {
      let attempt = try attempt(
        trial, run, before: [], depth: 1, prompts: prompts, zoomed: shortlist.count == 1)
      considered.append(
        Candidate(attempt.delta.trial, right: attempt.bound?.point.score, of: prompts.items.count))
      if let current = best, attempt.rank(locate) <= current.rank(locate) { continue }
      best = attempt
      if attempt.bound?.point.score == prompts.items.count, locate.isSafe(attempt.delta.trial) { break }
    }
    guard let best else { throw FormatError(.spec, "memory \(spec.name)", "no place can be tried") }
    return (best, considered)
  }

  /// Key, delta and bound of a row at the address of `trial`.
  private func attempt(
    _ trial: PatchTrial, _ run: KeyRun, before: [MemoryRow], depth: Int, prompts: ForcedPrompts?, zoomed: Bool
  ) throws(FormatError) -> Attempt {
    var delta = Delta(trial, run)
    if spec.method == .auto, spec.alpha == .auto { delta.refine(run, locate: locate) }
    var row = MemoryRow(
      module: transformer.module(trial.address), position: trial.token, targetID: run.target, alpha: trial.alpha,
      boundary: 1, hardness: hardness, key: run.activation(trial.address, token: trial.token), delta: delta.values)
    clock.lap(.delta)
    let pinned = spec.boundary.value.map { Float($0) }
    guard let prompts else {
      row.boundary = pinned ?? row.boundary
      return Attempt(row: row, delta: delta, bound: nil)
    }
    let bound = try Bound.search(
      row, before: before, at: trial.address, depth: depth, prompts: prompts, transformer: transformer,
      pinned: pinned, zoomed: zoomed)
    clock.lap(.bound)
    row.boundary = bound.boundary
    return Attempt(row: row, delta: delta, bound: bound)
  }
}

extension MemorySpec {
  /// A copy with site and layer pinned.
  fileprivate func pinned(to address: SiteAddress) -> MemorySpec {
    var result = self
    result.site = .given(address.site)
    result.layer = .given(address.layer)
    return result
  }
}
