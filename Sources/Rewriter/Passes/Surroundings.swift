import Format
import Kernels
import Runtime

/// What all memories of a rewrite should leave alone, whatever they are about: text that the model itself writes, other
/// subjects, and the tokens that the other memories watch.
final class Surroundings {
  let background: Background
  /// The background and sentences about other subjects: every token is a sample.
  private let common: TextPass
  /// The memories' prompts, and the rows that each may watch.
  private let prompts: TextPass
  private let samples: [Int]
  /// By memory: the samples of its subject's last token and of its prompt's last, behind the common ones.
  let watched: [(subject: Int?, last: Int)]
  private let model: LanguageModel
  private var transformer: Transformer { model.transformer }
  private var keys: [SiteAddress: LeastSquaresKeys] = [:]
  /// How many sites' activations were known beforehand.
  private let given: Int

  /// λ of the keys, as a share of the mean ‖a‖².
  static let ridge: Float = 0.01

  /// - Parameters:
  ///   - prompts: every memory's key prompt and the token of its subject.
  ///   - sites: those that will probably be asked for.
  ///   - known: activations of the common texts, from an earlier rewrite of the same base and background.
  init(
    _ model: LanguageModel, background: Background, prompts: [(ids: [Int], subject: Int?)], sites: [SiteAddress],
    known: [SiteAddress: FloatMatrix] = [:]
  ) {
    let transformer = model.transformer
    self.model = model
    self.background = background
    given = known.count
    common = TextPass(Self.texts(background, model: model), known: known, transformer: transformer)
    let commonCount = common.count
    var rows = 0
    var samples: [Int] = []
    var watched: [(subject: Int?, last: Int)] = []
    for (ids, subject) in prompts {
      let next = commonCount + samples.count
      watched.append((subject: subject.map { _ in next }, last: next + (subject == nil ? 0 : 1)))
      if let subject { samples.append(rows + subject) }
      samples.append(rows + ids.count - 1)
      rows += ids.count
    }
    self.prompts = TextPass(prompts.map(\.ids), transformer: transformer)
    self.samples = samples
    self.watched = watched
    common.prepare(sites)
    self.prompts.prepare(sites)
  }

  /// What belongs to no memory.
  static func texts(_ background: Background, model: LanguageModel) -> [[Int]] {
    let sentences = zip(SubjectTemplates.all, SubjectTemplates.subjects).map {
      Array(
        model.tokenizer.encode(SubjectTemplates.filled($0, with: $1)).prefix(model.transformer.shape.positions))
    }
    return (background.texts + sentences).filter { !$0.isEmpty }
  }

  /// Writes what later rewrites of the base can use, where that is more than was given.
  func keep(in path: String, of origin: Statistics.Origin) throws(FormatError) {
    guard common.known.count > given else { return }
    try Statistics(background: background, activations: common.known).write(
      to: path, of: origin, model: model)
  }

  /// How many tokens of the background and of the sentences about other subjects a row acts on.
  func firings(of row: MemoryRow, at address: SiteAddress) -> (fired: Int, of: Int) {
    let all = similarities(to: row, at: address)
    let fired = all.count {
      MemoryRegion.strength(similarity: $0, boundary: row.boundary, hardness: row.hardness) > 0
    }
    return (fired, all.count)
  }

  /// (a · k) / ‖k‖² of the same tokens.
  func similarities(to row: MemoryRow, at address: SiteAddress) -> [Float] {
    let all = common.activations(address)
    return row.similarities(all, rows: 0..<all.rows)
  }

  /// The factorization of the surroundings' activations at a site, to be extended by a memory's own.
  func keys(at address: SiteAddress) -> LeastSquaresKeys {
    if let known = keys[address] { return known }
    let (all, own) = (common.activations(address), prompts.activations(address))
    let chosen = FloatMatrix(all.rows + samples.count, all.width)
    chosen.row(0).update(from: all.row(0), count: all.rows * all.width)
    for (i, row) in samples.enumerated() { chosen.row(all.rows + i).update(from: own.row(row), count: all.width) }
    let made = LeastSquaresKeys(apartFrom: chosen, ridge: Self.ridge, pool: transformer.pool)
    keys[address] = made
    return made
  }
}

extension MemoryRow {
  /// (a · k) / ‖k‖² of activations (n, D).
  func similarities(_ activations: FloatMatrix, rows: Range<Int>) -> [Float] {
    let squared = kernel_dot_product(key, key, key.count)
    return rows.map { kernel_dot_product(activations.row($0), key, key.count) / squared }
  }
}
