import Format
import Runtime

/// Where a prompt lies in one of the regions that a row's strength is made of: a cue's, or the row's own.
public struct RegionReading: Sendable, Equatable {
  public enum Role: String, Sendable {
    /// Whether the subject has been named.
    case seen
    /// Whether the subject is asked about at this token.
    case here
    /// Whether the question is the memory's.
    case asked

    init(_ mode: MemoryCue.Mode) { self = mode == .seen ? .seen : .here }
  }

  public var role: Role
  /// The token that decides, from 0 at the prompt's first.
  public var token: Int
  public var tokenText: String
  /// (a · k) / ‖k‖² of that token on the base model.
  public var similarity: Float
  public var boundary: Float
  /// f(1 − similarity).
  public var strength: Float

  public var depth: RegionDepth { RegionDepth(strength: strength) }
}

/// How far inside a region something lies, in a word.
public enum RegionDepth: String, Sendable {
  case full, partly, outside

  /// - Parameter strength: f(1 − similarity).
  public init(strength: Float) {
    self = strength >= Self.fullStrength ? .full : strength > 0 ? .partly : .outside
  }

  /// The strength from which on nearly all of a delta is added.
  private static let fullStrength: Float = 0.97
}

/// Where a prompt lies in all regions of a row that asks for cues, on the base model.
public struct RegionReadings: Sendable, Equatable {
  /// The row's cues in its order, then the row's own region.
  public var regions: [RegionReading]
  /// The row's strength at the token where it is `asked`: the product of all.
  public var strength: Float

  /// Of the regions that keep the row from acting, in the same order.
  public var missed: [RegionReading] { regions.filter { $0.strength == 0 } }
}

extension RegionReadings {
  /// The readings of some prompts, which are run through the base model.
  static func all(
    _ prompts: [[Int]], of row: MemoryRow?, keyCount: Int, model: LanguageModel
  ) -> [RegionReadings?] {
    let addresses = addresses(of: row, model.transformer)
    guard let last = addresses.last, addresses.count > 1 else { return prompts.map { _ in nil } }
    let tape = Tape(forBackward: false, layers: Set(addresses.map(\.layer)))
    let run = BaseRun(prompts, recordedBy: tape, to: last, transformer: model.transformer)
    return all(prompts.indices, of: run, in: row, keyCount: keyCount, model: model)
  }

  /// The sites of a row's cues and its own; none where it does not fit the model.
  static func addresses(of row: MemoryRow?, _ transformer: Transformer) -> [SiteAddress] {
    guard let row else { return [] }
    let modules = row.cues.map(\.module) + [row.module]
    let addresses = modules.compactMap(transformer.address(ofModule:))
    return addresses.count == modules.count ? addresses : []
  }

  /// The readings of some sequences of a run of the base model, which recorded the sites of the row and its cues.
  ///
  /// `seen` is read where it is strongest, up to the token where the row is asked: the prompt's last, or for a row that
  /// was not made from the key prompt's last token the one nearest to its key. `here` is read at that token too.
  ///
  /// - Parameter keyCount: the tokens of the key prompt.
  /// - Returns: one per prompt; nil where the row asks for no cues, or does not fit the model.
  static func all(
    _ sequences: Range<Int>, of run: BaseRun, in row: MemoryRow?, keyCount: Int, model: LanguageModel
  ) -> [RegionReadings?] {
    let addresses = addresses(of: row, model.transformer)
    guard let row, let own = addresses.last, addresses.count > 1 else { return sequences.map { _ in nil } }
    let regions = zip(row.cues, addresses).map { cue, address in
      ReadRegion(role: .init(cue.mode), address: address, region: MemoryRegion(cue), key: cue.key)
    }
    let asked = ReadRegion(role: .asked, address: own, region: MemoryRegion(row), key: row.key)
    let isLast = row.position == keyCount - 1
    return sequences.map { i in
      let count = run.sequences[i].ids.count
      let token = isLast ? count - 1 : asked.nearest(in: run, i, before: count)
      let readings = (regions + [asked]).map { region in
        region.reading(
          at: region.role == .seen ? region.strongest(in: run, i, before: token + 1) : token, of: run, i, model: model)
      }
      return RegionReadings(regions: readings, strength: product(readings))
    }
  }

  /// The row's strength from its own and then each cue's, as the format multiplies them.
  private static func product(_ readings: [RegionReading]) -> Float {
    let product = readings.dropLast().reduce(readings.last!.strength) { $0 * $1.strength }
    return product < MemoryRegion.strengthFloor ? 0 : product
  }
}

/// A region with what is needed to read it.
private struct ReadRegion {
  var role: RegionReading.Role
  var address: SiteAddress
  var region: MemoryRegion
  /// [D].
  var key: [Float]

  /// Of the first `count` tokens of a sequence the one nearest to the key.
  func nearest(in run: BaseRun, _ sequence: Int, before count: Int) -> Int {
    let similarities = similarities(in: run, sequence, before: count)
    return similarities.indices.min { abs(1 - similarities[$0]) < abs(1 - similarities[$1]) } ?? 0
  }

  /// The first of these tokens at which the region is as strong as at any; the nearest where that is 0.
  func strongest(in run: BaseRun, _ sequence: Int, before count: Int) -> Int {
    let strengths = similarities(in: run, sequence, before: count).map { region.strength(similarity: $0) }
    guard let best = strengths.max(), best > 0 else { return nearest(in: run, sequence, before: count) }
    return strengths.firstIndex(of: best) ?? 0
  }

  private func similarities(in run: BaseRun, _ sequence: Int, before count: Int) -> [Float] {
    let first = run.row(sequence, token: 0)
    return region.similarities(of: run.activations(address), rows: first..<(first + count), to: key)
  }

  func reading(at token: Int, of run: BaseRun, _ sequence: Int, model: LanguageModel) -> RegionReading {
    let similarity = region.similarity(of: run.activation(address, sequence, token: token), to: key)
    return RegionReading(
      role: role, token: token, tokenText: model.tokenizer.text(of: run.sequences[sequence].ids[token]),
      similarity: similarity, boundary: region.boundary, strength: region.strength(similarity: similarity))
  }
}
