import Format
import Runtime

/// The behavior of one memory of a file on some prompts.
public struct Explanation: Sendable {
  /// The token of a prompt that comes nearest to one of the memory's regions, on the base model.
  public struct Nearness: Sendable, Equatable {
    /// The number of the row among the memory's, from 0.
    public var row: Int
    /// From 0 at the prompt's first token.
    public var token: Int
    public var tokenText: String
    /// The similarity to the row's key.
    public var similarity: Float
    /// b − |1 − similarity|: above 0 within the bound.
    public var margin: Float
    /// f(1 − similarity).
    public var strength: Float
  }

  /// A greedy continuation.
  public struct Answer: Sendable, Equatable {
    public var text: String
    /// Whether the answer begins with the target's tokens; false where the file knows no target.
    public var isTarget: Bool
    /// log p of the target's first token behind the prompt.
    public var targetLogprob: Float?
  }

  public struct Case: Sendable, Equatable {
    public var prompt: String
    /// The prompt's role when the memory was compiled; nil for other prompts.
    public var role: PromptResult.Role?
    public var nearest: Nearness
    /// Where the prompt lies in the regions of the memory's first row; nil where that acts by its own key alone.
    public var regions: RegionReadings?
    /// The memory's firings beside the file's others, on the prompt and its continuation; positions from 0 at the
    /// prompt's first token.
    public var firings: [Firing]
    /// Other memories of the file that act on the prompt or its continuation.
    public var others: [String]
    public var promptCount: Int
    /// The answer of the file without this memory.
    public var without: Answer
    /// The answer of the file as it is.
    public var with: Answer
  }

  public let memory: Memory
  /// The target's tokens as text; nil without a model to tell them.
  public private(set) var targetTexts: [String]?
  public private(set) var cases: [Case] = []

  /// Rows of a batch at most.
  private static let rowLimit = 1024

  /// - Parameters:
  ///   - prompts: nil for the prompts that the memory was compiled with, as far as the file tells them.
  /// - Throws: `FormatError` where there is no such memory, the model cannot be loaded, or it cannot take a prompt.
  public init(
    of name: String, in checkpoint: Checkpoint, prompts: [PromptFile.Prompt]? = nil, pool: WorkerPool,
    progress: (StepProgress) -> Void = { _ in }
  ) throws(FormatError) {
    memory = try checkpoint.memory(named: name)
    // A sidecar has no model to ask, but can tell of the memory.
    if checkpoint.isSidecar, prompts == nil { return }
    let model = try LanguageModel(checkpoint, pool: pool)
    targetTexts = memory.targetIDs.compactMap {
      0..<model.transformer.shape.vocabulary ~= $0 ? model.tokenizer.text(of: $0) : nil
    }
    let asked = prompts?.map { (prompt: $0, role: PromptResult.Role?.none) } ?? Self.ownPrompts(memory, checkpoint.path)
    var ids: [[Int]] = []
    let style = try model.style(of: memory)
    for (prompt, _) in asked { ids.append(try model.encode(prompt, in: style)) }
    let own = ByteString(memory.name)
    let rest = try MemorySet(checkpoint.memories.filter { ByteString($0.name) != own }, for: model.transformer)
    for group in groups(ofRows: ids.map(\.count), limit: Self.rowLimit) {
      progress(StepProgress("explaining", group.lowerBound, of: ids.count, .prompts))
      cases += self.cases(Array(asked[group]), Array(ids[group]), without: rest, model: model)
    }
  }

  /// The prompts of the spec entry that the file keeps, each with its role.
  private static func ownPrompts(
    _ memory: Memory, _ path: String
  ) -> [(prompt: PromptFile.Prompt, role: PromptResult.Role?)] {
    func prompts(_ texts: [String], _ role: PromptResult.Role) -> [(
      prompt: PromptFile.Prompt, role: PromptResult.Role?
    )] {
      texts.map { (.init(text: $0, location: "\(path): memory \(memory.name): prompt \(quoted($0))"), role) }
    }
    let document = try? JSONDocument(memory.entry.bytes(), location: path)
    guard let root = document?.root, let spec = try? MemorySpec(root) else {
      return memory.prompt.isEmpty ? [] : prompts([memory.prompt], .key)
    }
    return prompts([spec.prompt], .key) + prompts(Array(spec.positivePrompts.dropFirst()), .positive)
      + prompts(spec.negatives, .negative) + prompts(spec.heldOutPositives, .heldOutPositive)
      + prompts(spec.heldOutNegatives, .heldOutNegative)
  }

  private func cases(
    _ prompts: [(prompt: PromptFile.Prompt, role: PromptResult.Role?)], _ ids: [[Int]], without rest: MemorySet,
    model: LanguageModel
  ) -> [Case] {
    let count = max(Continuations.comparedCount, memory.targetIDs.count)
    let target = memory.targetIDs.first.flatMap { 0..<model.transformer.shape.vocabulary ~= $0 ? $0 : nil }
    let before = Continuations(of: ids, count: count, target: target, memories: rest, model: model)
    let after = Continuations(of: ids, count: count, target: target, memories: model.memories, model: model)
    let nearest = nearest(ids, model: model)
    let keyCount = (try? model.encode(promptOf: memory))?.count
    let regions = RegionReadings.all(
      ids, of: memory.rows.first, keyCount: keyCount ?? 1 + (memory.rows.first?.position ?? 0), model: model)
    func answer(_ continuations: Continuations, _ i: Int) -> Answer {
      let target = memory.targetIDs
      return Answer(
        text: model.tokenizer.decode(continuations.ids[i]),
        isTarget: !target.isEmpty && continuations.ids[i].starts(with: target),
        targetLogprob: continuations.starts[i].targetLogprob)
    }
    let own = ByteString(memory.name)
    return prompts.indices.map { i in
      var others: [String] = []
      for firing in after.firings[i] where ByteString(firing.memory) != own {
        if !others.contains(where: { ByteString($0) == ByteString(firing.memory) }) { others.append(firing.memory) }
      }
      return Case(
        prompt: prompts[i].prompt.text, role: prompts[i].role, nearest: nearest[i], regions: regions[i],
        firings: after.firings[i].filter { ByteString($0.memory) == own }, others: others, promptCount: ids[i].count,
        without: answer(before, i), with: answer(after, i))
    }
  }

  /// The token of each prompt that is farthest inside a region, or least outside, measured in boundaries.
  private func nearest(_ prompts: [[Int]], model: LanguageModel) -> [Nearness] {
    let transformer = model.transformer
    var best: [Nearness?] = prompts.map { _ in nil }
    var runs: [SiteAddress: BaseRun] = [:]
    for (i, row) in memory.rows.enumerated() {
      guard let address = transformer.address(ofModule: row.module) else { continue }
      let run = runs[address] ?? BaseRun(prompts, to: address, transformer: transformer)
      runs[address] = run
      let region = MemoryRegion(row)
      for (p, sequence) in run.sequences.enumerated() {
        let similarities = region.similarities(of: run.activations(address), rows: sequence.rows, to: row.key)
        for (token, similarity) in similarities.enumerated() {
          let margin = row.boundary - abs(1 - similarity)
          let old = best[p].map { $0.margin / memory.rows[$0.row].boundary }
          guard old == nil || margin / row.boundary > old! else { continue }
          best[p] = Nearness(
            row: i, token: token, tokenText: model.tokenizer.text(of: prompts[p][token]), similarity: similarity,
            margin: margin, strength: region.strength(similarity: similarity))
        }
      }
    }
    return best.map {
      $0 ?? Nearness(row: 0, token: 0, tokenText: "", similarity: 0, margin: -.infinity, strength: 0)
    }
  }
}

extension Checkpoint {
  /// The memory of that name.
  ///
  /// - Throws: `FormatError` of kind `memoryTable` that tells the nearest name, or those that there are.
  package func memory(named name: String) throws(FormatError) -> Memory {
    if let memory = memories.first(where: { ByteString($0.name) == ByteString(name) }) { return memory }
    let known = memories.map(\.name)
    let expected = nearestName(to: name, among: known) ?? known.prefix(10).joined(separator: " or ")
    throw FormatError(
      .memoryTable, path, "no such memory", expected: known.isEmpty ? "a file with memories" : expected, got: name)
  }
}
