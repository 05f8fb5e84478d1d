import Format
import Foundation
import Runtime

/// The data of one memory's figures, beyond what its compilation recorded.
public struct MemoryFigures: Sendable {
  /// The token of a prompt that is nearest to the key.
  public struct Nearest: Sendable {
    /// The position, from 0 at the prompt's first token.
    public var token: Int
    /// (a · k) / ‖k‖².
    public var similarity: Float
  }

  /// The index of the memory among those compiled.
  public var index: Int
  /// The tokens of each prompt as text, in the order of the results.
  public var tokens: [[String]]
  /// Patches of every token of the key prompt at every address; empty for memories beyond `mapLimit`.
  public var map: [PatchTrial]
  /// The positives and negatives that would hold with other boundaries of the first row.
  public var curve: [BoundaryPoint]
  /// The nearest token of each prompt.
  public var nearest: [Nearest]
  /// The similarities of the tokens of text that has nothing to do with the memory.
  public var background: [Float]

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
    let (run, region) = (BaseRun(probe.prompts, to: memory.address, transformer: model.transformer), MemoryRegion(row))
    nearest = run.sequences.map { sequence in
      let similarities = region.similarities(
        of: run.activations(memory.address), rows: sequence.rows, to: row.key)
      let token = similarities.indices.min { abs(1 - similarities[$0]) < abs(1 - similarities[$1]) } ?? 0
      return Nearest(token: token, similarity: similarities[token])
    }
    background = surroundings.similarities(to: row, at: memory.address)
    curve = memory.curve
    if curve.count < 2 {
      // Memories about the same subject are made to act together.
      let acting = Set(result.prompts.flatMap { $0.firings.map(\.memory) })
      let beside = compiled.indices.filter { $0 != index && acting.contains(compiled[$0].spec.name) }
        .flatMap { compiled[$0].rows.filter { $0.module == row.module } }
      curve = try Bound.points(
        row, before: beside, at: memory.address, depth: memory.rows.count == 1 ? memory.targetIDs.count : 1,
        prompts: probe.forcedPrompts(model.transformer), transformer: model.transformer,
        boundaries: Self.boundaries(with: row.boundary))
    }
  }

  /// Boundaries from 0.01 to 1 in steps of a tenth of a decade, and the chosen one.
  private static func boundaries(with chosen: Float) -> [Float] {
    let grid = (0...20).map { Float(pow(10, -2 + 0.1 * Double($0))) }
    return (grid.filter { abs($0 / chosen - 1) > 0.01 } + [chosen]).sorted()
  }
}
