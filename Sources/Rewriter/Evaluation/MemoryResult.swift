import Format
import Runtime

/// One prompt of a spec, continued by the base model and by the patched one.
public struct PromptResult: Sendable, Equatable {
  public enum Role: String, Sendable {
    case key, positive, negative
    case heldOutPositive = "held-out positive"
    case heldOutNegative = "held-out negative"

    public var isPositive: Bool { self != .negative && self != .heldOutNegative }
    public var isHeldOut: Bool { self == .heldOutPositive || self == .heldOutNegative }
  }

  public var prompt: String
  public var role: Role
  /// Greedy continuations.
  public var before: String
  public var after: String
  /// A positive goes on with the target; a negative as the base model does.
  public var holds: Bool
  /// The similarity to the memory's first row on the base model: of the prompt's last token, or, for a row that was not
  /// made from the key prompt's last token, of the token whose similarity is nearest to 1.
  public var similarity: Float
  /// Where the prompt lies in each region of that row; nil where the row acts by its own key alone.
  public var regions: RegionReadings?
  /// Where memories acted on the prompt and its continuation, tokens counted from the prompt's first.
  public var firings: [Firing]
  /// Whether the logits behind the prompt are the base model's to the bit.
  public var isIdentical: Bool
  /// log p of the target's first token behind the prompt, in the base model and the patched one.
  public var targetBefore: Float
  public var targetAfter: Float

  public var fired: Bool { !firings.isEmpty }

  /// Whether memories acted before the prompt's last token and nowhere else.
  var actsBeforeItsEnd: Bool {
    guard fired, let last = regions?.regions.last?.token else { return false }
    return firings.allSatisfy { $0.position < last }
  }
}

/// The prompts of one memory, as the patched model answers them.
public struct MemoryResult: Sendable, Equatable {
  public var prompts: [PromptResult]

  public func count(positive: Bool, heldOut: Bool = false) -> (holding: Int, of: Int) {
    let chosen = prompts.filter { $0.role.isPositive == positive && $0.role.isHeldOut == heldOut }
    return (chosen.count(where: \.holds), chosen.count)
  }

  public var keyHolds: Bool { prompts.first?.holds ?? false }

  /// - Parameters:
  ///   - places: of the prompts in the memory's first row.
  ///   - after: the patched model's continuations of the prompts.
  fileprivate init(_ probe: Probe, places: Places, after: Continuations, model: LanguageModel) {
    let spec = probe.spec
    let roles =
      [PromptResult.Role.key] + probe.positives.dropFirst().map { _ in .positive }
      + probe.negatives.map { _ in .negative } + probe.heldOutPositives.map { _ in .heldOutPositive }
      + probe.heldOutNegatives.map { _ in .heldOutNegative }
    let texts = spec.positivePrompts + spec.negatives + spec.heldOutPositives + spec.heldOutNegatives
    prompts = roles.indices.map { i in
      PromptResult(
        prompt: texts[i], role: roles[i], before: model.tokenizer.decode(probe.base.ids[i]),
        after: model.tokenizer.decode(after.ids[i]),
        holds: roles[i].isPositive
          ? after.ids[i].starts(with: probe.targetIDs) : after.ids[i] == probe.base.ids[i],
        similarity: places.similarities[i], regions: places.regions[i], firings: after.firings[i],
        isIdentical: after.starts[i].digest == probe.base.starts[i].digest,
        targetBefore: probe.base.starts[i].targetLogprob ?? -.infinity,
        targetAfter: after.starts[i].targetLogprob ?? -.infinity)
    }
  }

  /// Where the prompts of a memory, the key prompt first, lie in its first row.
  struct Places {
    /// `PromptResult.similarity` of each.
    var similarities: [Float]
    /// `PromptResult.regions` of each.
    var regions: [RegionReadings?]

    /// - Parameters:
    ///   - sequences: the prompts in a run of the base model, which recorded the row's sites.
    ///   - row: the memory's first.
    init(_ sequences: Range<Int>, of run: BaseRun, row: MemoryRow?, model: LanguageModel) {
      let keyCount = run.sequences[sequences.lowerBound].ids.count
      regions = RegionReadings.all(sequences, of: run, in: row, keyCount: keyCount, model: model)
      let asked = regions.compactMap { $0?.regions.last?.similarity }
      similarities =
        asked.count == sequences.count
        ? asked : MemoryResult.similarities(sequences, of: run, row: row, keyCount: keyCount)
    }
  }

  /// `PromptResult.similarity` of each prompt, the key prompt first.
  fileprivate static func similarities(
    _ sequences: Range<Int>, of run: BaseRun, row: MemoryRow?, keyCount: Int
  ) -> [Float] {
    guard let row, let address = run.transformer.address(ofModule: row.module) else {
      return [Float](repeating: 0, count: sequences.count)
    }
    let region = MemoryRegion(row)
    let isLast = row.position == keyCount - 1
    return run.sequences[sequences].map { sequence in
      let tokens = isLast ? (sequence.rows.upperBound - 1)..<sequence.rows.upperBound : sequence.rows
      let similarities = region.similarities(of: run.activations(address), rows: tokens, to: row.key)
      return similarities.min { abs(1 - $0) < abs(1 - $1) } ?? 0
    }
  }

  /// The holding prompts of each kind, for the manifest.
  var scores: JSONNode {
    func count(_ positive: Bool, _ heldOut: Bool) -> JSONNode {
      let (holding, all) = self.count(positive: positive, heldOut: heldOut)
      return ["holding": .int(holding), "of": .int(all)]
    }
    return [
      "positives": count(true, false), "negatives": count(false, false),
      "held_out_positives": count(true, true), "held_out_negatives": count(false, true),
    ]
  }
}

/// The prompts of all memories of a rewrite, to be asked of the model in memory and again of each written file.
struct Evaluation {
  private let probes: [Probe]
  private let places: [MemoryResult.Places]
  private let progress: @Sendable (StepProgress) -> Void

  init(
    _ probes: [Probe], _ compiled: [CompiledMemory], model: LanguageModel,
    progress: @escaping @Sendable (StepProgress) -> Void
  ) {
    (self.probes, self.progress) = (probes, progress)
    let counts = probes.map { $0.prompts.reduce(0) { $0 + $1.count } }
    var places: [MemoryResult.Places] = []
    for group in groups(ofRows: counts, limit: Self.rowLimit) {
      let rows = compiled[group].map(\.rows.first)
      let addresses = rows.flatMap { RegionReadings.addresses(of: $0, model.transformer) }
      let run = BaseRun(
        probes[group].flatMap(\.prompts), recordedBy: Tape(forBackward: false, layers: Set(addresses.map(\.layer))),
        to: addresses.max(), transformer: model.transformer)
      var first = 0
      for (row, probe) in zip(rows, probes[group]) {
        let own = first..<(first + probe.prompts.count)
        places.append(MemoryResult.Places(own, of: run, row: row, model: model))
        first = own.upperBound
      }
    }
    self.places = places
  }

  /// Rows of a run at most, but for a memory that has more.
  private static let rowLimit = 1024

  /// - Parameter step: what progress calls it.
  func results(_ memories: MemorySet, on model: LanguageModel, as step: String = "evaluating") -> [MemoryResult] {
    let requests: [Continuations.Request] = probes.flatMap { probe in
      probe.prompts.map { .init(ids: $0, count: probe.continuationCount, target: probe.targetIDs[0]) }
    }
    let after = Continuations(requests, memories: memories, model: model) {
      progress(StepProgress(step, $0, of: requests.count, .prompts))
    }
    var first = 0
    return zip(probes, places).map { probe, places in
      defer { first += probe.prompts.count }
      return MemoryResult(
        probe, places: places, after: after[first..<(first + probe.prompts.count)], model: model)
    }
  }
}
