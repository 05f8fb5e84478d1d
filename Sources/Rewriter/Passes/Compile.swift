import Format
import Runtime

/// One memory with how it came about.
public struct CompiledMemory: Sendable {
  public var spec: MemorySpec
  public var targetIDs: [Int]
  public var address: SiteAddress
  /// The token of the key prompt whose activation made the key.
  public var token: MemorySpec.Token
  public var rows: [MemoryRow]
  /// Gradient steps of each row's delta.
  public var steps: [Int]
  /// The first row's boundary curve: one point where the boundary is pinned, none where site and layer are too.
  public var curve: [BoundaryPoint]
  /// All patches that the locate pass tried.
  public var trials: [PatchTrial]
  /// Why this place was taken, in a sentence.
  public var reason: String
  /// The places that were looked at closely, in that order.
  public var considered: [ConsideredPlace]
  /// How many tokens of text that has nothing to do with it the first row acts on, where that was counted.
  public var otherText: (fired: Int, of: Int)?
  /// The texts that key and delta were made with, where those were more than the key prompt.
  public var contexts: ContextCounts?
}

/// How much text a memory is made with.
public struct ContextCounts: Sendable {
  public var texts = 0
  /// Tokens of all of them; what several begin with up to the memory's token counts once.
  public var tokens = 0
  /// Tokens of texts that are not about the memory and only read.
  public var lookalikes = 0
  /// Tokens of all steps together, from the memory's on, that went forward and that gradients came back through.
  public var forward = 0
  public var backward = 0
  /// Places whose logits should stay as they are, and all places of the steps' losses.
  public var kept = 0
  public var looked = 0
}

/// Makes the rows of one memory: passes 2 to 5 for each token of the target.
struct Compile {
  let probe: Probe
  let model: LanguageModel
  let clock: PassClock
  private var transformer: Transformer { model.transformer }
  private var spec: MemorySpec { probe.spec }

  init(_ probe: Probe, model: LanguageModel, clock: PassClock) {
    self.probe = probe
    self.model = model
    self.clock = clock
  }

  /// What a row of one place came out as.
  private struct Attempt {
    var row: MemoryRow
    var delta: Delta
    var bound: Bound?
  }

  /// The post's hardness; the compiler's own keeps the region closed: at 3 a strength stays above the floor out to
  /// 1.55 b, at 8 to 1.18 b.
  private var hardness: Float { Float(spec.hardness.value ?? (spec.method == .seed ? 3 : 8)) }

  /// - Throws: `FormatError` of kind `spec` where the spec asks for another token than the last: its activation is the
  ///   key here.
  func memory() throws(FormatError) -> CompiledMemory {
    guard spec.keyToken == .last || spec.keyToken == .auto else {
      throw FormatError(
        .spec, "memory \(spec.name): token", "only a memory whose place is left to the compiler takes another token",
        expected: "last, or method, site, layer and alpha auto", got: "\(spec.keyToken)")
    }
    let none = MemorySet.none(of: transformer)
    let pass = KeyPass(probe.keyIDs, target: probe.targetIDs[0], memories: none, transformer: transformer)
    let trials = Locate.trials(pass, spec: spec)
    clock.lap(.locate)
    guard !trials.isEmpty else {
      throw FormatError(
        .spec, "memory \(spec.name)", "no site has an activation and a gradient to make a row from")
    }
    let (first, prompts, reason, considered) = try place(trials, pass)
    var rows = [first.row]
    var steps = [first.delta.steps]
    for position in 1..<max(1, probe.targetIDs.count) {
      let ids = probe.keyIDs + probe.targetIDs[..<position]
      let pass = KeyPass(
        ids, target: probe.targetIDs[position], memories: try memorySet(rows, transformer),
        transformer: transformer)
      clock.lap(.locate)
      guard pass.next != pass.target else { continue }
      let trials = Locate.trials(pass, spec: spec.pinned(to: first.delta.trial.address))
      clock.lap(.locate)
      guard let trial = Locate.best(trials).first else { continue }
      let attempt = try attempt(
        trial, pass, before: rows, depth: position + 1, prompts: prompts, zoomed: true)
      rows.append(attempt.row)
      steps.append(attempt.delta.steps)
    }
    return CompiledMemory(
      spec: spec, targetIDs: probe.targetIDs, address: first.delta.trial.address, token: .last, rows: rows,
      steps: steps,
      curve: first.bound?.curve ?? [], trials: trials, reason: reason, considered: considered)
  }

  /// The place where the first row does best on positives and negatives together.
  private func place(
    _ trials: [PatchTrial], _ pass: KeyPass
  ) throws(FormatError) -> (Attempt, ForcedPrompts?, String, [ConsideredPlace]) {
    let candidates = Locate.best(trials)
    if candidates.count == 1, spec.boundary.value != nil {
      return (
        try attempt(candidates[0], pass, before: [], depth: 1, prompts: nil, zoomed: false), nil,
        "site and layer are pinned", [ConsideredPlace(candidates[0], isChosen: true)]
      )
    }
    let prompts = probe.forcedPrompts(transformer)
    let places = Place.shortlist(trials, pass, prompts: prompts)
    clock.lap(.bound)
    var best: (attempt: Attempt, place: Place)?
    var considered: [ConsideredPlace] = []
    for place in places {
      let attempt = try attempt(
        place.trial, pass, before: [], depth: 1, prompts: prompts, zoomed: places.count == 1)
      considered.append(
        ConsideredPlace(attempt.delta.trial, right: attempt.bound?.point.score, of: prompts.items.count))
      if let current = best, !isBetter(attempt, than: current.attempt) { continue }
      best = (attempt, place)
      if attempt.bound?.point.score == prompts.items.count, attempt.delta.trial.margin >= Locate.safeMargin {
        break
      }
    }
    guard var best else { throw FormatError(.spec, "memory \(spec.name)", "no place can be tried") }
    if places.count > 1 {
      best.attempt = try attempt(best.place.trial, pass, before: [], depth: 1, prompts: prompts, zoomed: true)
    }
    let point = best.attempt.bound?.point
    let reason =
      "\(candidates.count(where: \.reaches)) of \(candidates.count) places reach the target in one step; best of the "
      + "\(considered.count) tried with prompts: \(point?.positives ?? 0) positives and \(point?.negatives ?? 0) negatives right"
    for i in considered.indices { considered[i].isChosen = considered[i].address == best.place.trial.address }
    return (best.attempt, prompts, reason, considered)
  }

  private func isBetter(_ a: Attempt, than b: Attempt) -> Bool {
    func rank(_ attempt: Attempt) -> (Int, Int, Float) {
      let point = attempt.bound?.point
      return (
        point?.keyHolds == true ? 1 : 0, point?.score ?? 0,
        attempt.delta.trial.margin >= Locate.safeMargin ? 1 : 0
      )
    }
    return rank(a) > rank(b)
  }

  /// Key, delta and bound of a row at the place of `trial`.
  private func attempt(
    _ trial: PatchTrial, _ pass: KeyPass, before: [MemoryRow], depth: Int, prompts: ForcedPrompts?,
    zoomed: Bool
  ) throws(FormatError) -> Attempt {
    var delta = Delta(trial, pass)
    if spec.method == .auto, spec.alpha == .auto { delta.refine(pass) }
    var row = MemoryRow(
      module: transformer.module(trial.address), position: trial.token, targetID: pass.target,
      alpha: trial.alpha,
      boundary: 1, hardness: hardness, key: Key.seed(pass, trial.address, token: trial.token),
      delta: delta.values)
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
  /// Whether the spec leaves nothing to be chosen: the post's computation with its published settings.
  var isPinned: Bool {
    method == .seed && site != .auto && layer != .auto && alpha != .auto && boundary != .auto
  }

  /// Whether method and place are the compiler's to choose.
  var isOpen: Bool { method == .auto && site == .auto && layer == .auto && alpha == .auto }

  /// The same spec, its site and layer pinned.
  func pinned(to address: SiteAddress) -> MemorySpec {
    var result = self
    result.site = .given(address.site)
    result.layer = .given(address.layer)
    return result
  }
}
