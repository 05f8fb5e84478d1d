import Format
import Runtime

/// How the prompts of a memory and other text lie about one region of its first row.
public struct RegionStrip: Sendable {
  /// The token of a prompt that decides.
  public struct Place: Sendable {
    /// The position, from 0 at the prompt's first token.
    public var token: Int
    /// (a · k) / ‖k‖².
    public var similarity: Float
  }

  /// nil for the only region of a row that acts by its own key alone.
  public var role: RegionReading.Role?
  public var boundary: Float
  public var hardness: Float
  /// By prompt, in the order of the results: where it is read (`RegionReadings`), of an only region the nearest token.
  public var prompts: [Place]
  /// The similarities of the tokens of text that has nothing to do with the memory.
  public var background: [Float]

  /// - Parameter result: of the memory, with the readings of its prompts.
  static func all(
    _ row: MemoryRow, result: MemoryResult, prompts: [[Int]], surroundings: Surroundings, transformer: Transformer
  ) -> [RegionStrip] {
    guard let address = transformer.address(ofModule: row.module) else { return [] }
    let region = MemoryRegion(row)
    let background = surroundings.similarities(to: row, at: address)
    guard !row.cues.isEmpty else {
      let run = BaseRun(prompts, to: address, transformer: transformer)
      let nearest = run.sequences.map { sequence in
        let similarities = region.similarities(of: run.activations(address), rows: sequence.rows, to: row.key)
        let token = similarities.indices.min { abs(1 - similarities[$0]) < abs(1 - similarities[$1]) } ?? 0
        return Place(token: token, similarity: similarities[token])
      }
      return [
        RegionStrip(
          role: nil, boundary: row.boundary, hardness: row.hardness, prompts: nearest, background: background)
      ]
    }
    func places(_ index: Int) -> [Place] {
      result.prompts.compactMap { prompt in
        prompt.regions.map { Place(token: $0.regions[index].token, similarity: $0.regions[index].similarity) }
      }
    }
    let cues = row.cues.enumerated().map { i, cue in
      RegionStrip(
        role: .init(cue.mode), boundary: cue.boundary, hardness: cue.hardness, prompts: places(i),
        background: transformer.address(ofModule: cue.module).map {
          surroundings.similarities(to: MemoryRegion(cue), key: cue.key, at: $0)
        } ?? [])
    }
    let own = RegionStrip(
      role: .asked, boundary: row.boundary, hardness: row.hardness, prompts: places(row.cues.count),
      background: background)
    return cues + [own]
  }
}
