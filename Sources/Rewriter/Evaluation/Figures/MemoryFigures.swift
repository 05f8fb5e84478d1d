import Format
import Kernels
import Runtime

/// The data of one memory's figures, beyond what its compilation recorded.
public struct MemoryFigures: Sendable {
  /// The index of the memory among those compiled.
  public var index: Int
  /// The tokens of each prompt as text, in the order of the results.
  public var tokens: [[String]]
  /// Patches of every token of the key prompt at every address; empty for memories beyond `mapLimit`.
  public var map: [PatchTrial]
  /// The positives and negatives that would hold with other boundaries of the first row.
  public var curve: [BoundaryPoint]
  /// What falls into the regions of the first row: one for each cue, in the row's order, and its own.
  public var strips: [RegionStrip]

  /// The most memories that a report shows closely: a page of thousands could not be read.
  static let limit = 24
  /// The most memories with a map, since maps take longer than all other figures.
  static let mapLimit = 8

  /// The memories to show closely: those with a prompt that fails first, then the others in their order.
  ///
  /// - Parameter holds: whether all prompts hold, by memory.
  static func chosen(_ holds: [Bool]) -> [Int] {
    (holds.indices.filter { !holds[$0] } + holds.indices.filter { holds[$0] }).prefix(limit).sorted()
  }

  init(
    _ index: Int, of compiled: [CompiledMemory], probe: Probe, result: MemoryResult, surroundings: Surroundings,
    map: [PatchTrial], model: LanguageModel
  ) throws(FormatError) {
    let memory = compiled[index]
    let row = memory.rows[0]
    self.index = index
    self.map = map
    tokens = probe.prompts.map { $0.map(model.tokenizer.text(of:)) }
    strips = RegionStrip.all(
      row, result: result, prompts: probe.prompts, surroundings: surroundings, transformer: model.transformer)
    curve = memory.curve
    if curve.count < 2 {
      curve = try Self.curve(index, of: compiled, probe: probe, result: result, transformer: model.transformer)
    }
  }

  private static func curve(
    _ index: Int, of compiled: [CompiledMemory], probe: Probe, result: MemoryResult, transformer: Transformer
  ) throws(FormatError) -> [BoundaryPoint] {
    let memory = compiled[index]
    let row = memory.rows[0]
    // Memories about the same subject are made to act together.
    let acting = Set(result.prompts.flatMap { $0.firings.map(\.memory) })
    let beside = compiled.indices.filter { $0 != index && acting.contains(compiled[$0].spec.name) }
      .flatMap { compiled[$0].rows.filter { $0.module == row.module } }
    // Rows for later tokens stand in the first one's module where they ask for cues.
    let later = memory.rows.dropFirst().filter { !row.cues.isEmpty && $0.module == row.module }
    return try Bound.points(
      row, before: beside + later, at: memory.address,
      depth: memory.rows.count == 1 + later.count ? memory.targetIDs.count : 1,
      prompts: probe.forcedPrompts(transformer), transformer: transformer,
      boundaries: boundaries(with: row.boundary))
  }

  /// Boundaries from 0.01 to 1 in steps of a tenth of a decade, and the chosen one.
  private static func boundaries(with chosen: Float) -> [Float] {
    let grid = (0...20).map { Float(kernel_f64_pow(10, -2 + 0.1 * Double($0))) }
    return (grid.filter { abs($0 / chosen - 1) > 0.01 } + [chosen]).sorted()
  }
}
