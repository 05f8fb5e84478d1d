import Format
import Kernels
import Runtime

/// What all memories of a rewrite should leave alone, whatever they are about: text that the model itself writes, other
/// subjects, and the tokens that the other memories watch.
final class Surroundings {
  let background: Background
  private let texts: [[Int]]
  private var kept: [Int: Tape.Layer] = [:]
  /// The rows of all texts that are samples: all of the background, of each memory's prompt those that it may watch.
  private let samples: [Int]
  /// The samples that belong to no memory.
  private let commonCount: Int
  /// By memory: the samples of its subject's last token and of its prompt's last.
  let watched: [(subject: Int?, last: Int)]
  private let transformer: Transformer
  private var keys: [SiteAddress: LeastSquaresKeys] = [:]

  /// λ of the keys, as a share of the mean ‖a‖².
  static let ridge: Float = 0.01

  /// - Parameters:
  ///   - prompts: every memory's key prompt and the token of its subject.
  ///   - layers: those whose sites will probably be asked for.
  init(
    _ model: LanguageModel, background: Background, prompts: [(ids: [Int], subject: Int?)], layers: Set<Int>
  ) {
    let transformer = model.transformer
    self.transformer = transformer
    self.background = background
    let positions = transformer.shape.positions
    let sentences = zip(SubjectTemplates.all, SubjectTemplates.subjects).map {
      Array(model.tokenizer.encode(SubjectTemplates.filled($0, with: $1)).prefix(positions))
    }
    var rows = 0
    var texts: [[Int]] = []
    var samples: [Int] = []
    var watched: [(subject: Int?, last: Int)] = []
    for ids in background.texts + sentences where !ids.isEmpty {
      samples += rows..<(rows + ids.count)
      rows += ids.count
      texts.append(ids)
    }
    commonCount = samples.count
    for (ids, subject) in prompts {
      watched.append((subject: subject.map { _ in samples.count }, last: samples.count + (subject == nil ? 0 : 1)))
      if let subject { samples.append(rows + subject) }
      samples.append(rows + ids.count - 1)
      rows += ids.count
      texts.append(ids)
    }
    self.samples = samples
    self.watched = watched
    self.texts = texts
    run(keeping: layers)
  }

  /// A forward up to the last of `layers`.
  private func run(keeping layers: Set<Int>) {
    guard let last = layers.max() else { return }
    let tape = Tape(forBackward: false, layers: layers)
    let none = MemorySet.none(of: transformer)
    var row = 0
    let batch = Batch(
      texts.map { ids in
        defer { row += ids.count }
        return .init(rows: row..<(row + ids.count), position: 0, cache: nil, appends: false, memories: none)
      }, shape: transformer.shape)
    transformer.embed(texts, batch)
    transformer.forward(batch, layers: 0..<(last + 1), tape: tape)
    for layer in layers { kept[layer] = tape[layer] }
  }

  /// How many tokens of the background and of the sentences about other subjects a row acts on.
  func firings(of row: MemoryRow, at address: SiteAddress) -> (fired: Int, of: Int) {
    let all = activations(address)
    let squared = kernel_dot_product(row.key, row.key, row.key.count)
    let fired = samples.prefix(commonCount).count { sample in
      let similarity = kernel_dot_product(all.row(sample), row.key, row.key.count) / squared
      return MemoryBlock.strength(similarity: similarity, boundary: row.boundary, hardness: row.hardness) > 0
    }
    return (fired, commonCount)
  }

  private func activations(_ address: SiteAddress) -> FloatMatrix {
    if kept[address.layer] == nil { run(keeping: [address.layer]) }
    return kept[address.layer]!.site(address.site)
  }

  /// The factorisation of the surroundings' activations at a site, to be extended by a memory's own.
  func keys(at address: SiteAddress) -> LeastSquaresKeys {
    if let known = keys[address] { return known }
    let all = activations(address)
    let chosen = FloatMatrix(samples.count, all.width)
    for (i, row) in samples.enumerated() { chosen.row(i).update(from: all.row(row), count: all.width) }
    let made = LeastSquaresKeys(apartFrom: chosen, ridge: Self.ridge, pool: transformer.pool)
    keys[address] = made
    return made
  }
}
