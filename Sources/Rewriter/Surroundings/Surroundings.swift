import Format
import Kernels
import Runtime

/// All that the memories of one rewrite should leave alone, whatever they are about: text that the model itself writes,
/// other subjects, and the tokens that the other memories act on.
final class Surroundings {
  let background: Background
  /// The background and sentences about other subjects: every token is a sample.
  private let common: TextActivations
  /// The memories' prompts, and the rows of them that are samples.
  private let prompts: TextActivations
  private let samples: [Int]
  /// Per memory the samples of its subject's last token and of its prompt's last, behind the common ones.
  let watched: [(subject: Int?, last: Int)]
  private let model: LanguageModel
  private let settings: CompilerSettings
  private var transformer: Transformer { model.transformer }
  private var keys: [SiteAddress: LeastSquaresKeys] = [:]
  private var commonKeys: [SiteAddress: LeastSquaresKeys] = [:]

  /// - Parameters:
  ///   - prompts: every memory's key prompt and the token of its subject.
  ///   - sites: the sites that will probably be asked for.
  ///   - known: activations of the common texts, from an earlier rewrite of the same base and background.
  init(
    _ model: LanguageModel, background: Background, prompts: [(ids: [Int], subject: Int?)], sites: [SiteAddress],
    known: [SiteAddress: FloatMatrix] = [:], settings: CompilerSettings
  ) {
    let transformer = model.transformer
    (self.model, self.background, self.settings) = (model, background, settings)
    common = TextActivations(
      Self.texts(background, model: model), known: known, transformer: transformer)
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
    self.prompts = TextActivations(prompts.map(\.ids), transformer: transformer)
    self.samples = samples
    self.watched = watched
    common.prepare(sites)
    self.prompts.prepare(sites)
  }

  /// The texts that belong to no memory.
  static func texts(_ background: Background, model: LanguageModel) -> [[Int]] {
    let sentences = SubjectTemplates.all.enumerated().map { i, template in
      let text = SubjectTemplates.filled(template, with: SubjectTemplates.name(i, step: 7))
      return Array(model.tokenizer.encode(text).prefix(model.transformer.shape.positions))
    }
    return background.texts.filter { !$0.isEmpty } + sentences
  }

  /// The activations of the common texts at each site that was asked for.
  var commonActivations: [SiteAddress: FloatMatrix] { common.known }

  /// How many tokens of the background and of the sentences about other subjects a row acts on.
  func firings(of row: MemoryRow, at address: SiteAddress) -> (fired: Int, of: Int) {
    let (region, all) = (MemoryRegion(row), similarities(to: row, at: address))
    return (all.count { region.strength(similarity: $0) > 0 }, all.count)
  }

  /// The similarities of the same tokens to a row's key.
  func similarities(to row: MemoryRow, at address: SiteAddress) -> [Float] {
    let all = common.activations(address)
    return MemoryRegion(row).similarities(of: all, rows: 0..<all.rows, to: row.key)
  }

  /// The factorization of the surroundings' activations at a site, to be extended by a memory's own.
  func keys(at address: SiteAddress) -> LeastSquaresKeys {
    if let known = keys[address] { return known }
    let (all, own) = (common.activations(address), prompts.activations(address))
    let chosen = FloatMatrix(
      copying: (0..<all.rows).map(all.row) + samples.map(own.row), width: all.width)
    let made = LeastSquaresKeys(apartFrom: chosen, ridge: settings.ridge, pool: transformer.pool)
    keys[address] = made
    return made
  }

  // MARK: - What no memory of the base has to do with

  /// The activations [D] of the last tokens of the sentences about other subjects, in the order of the templates.
  func sentenceEnds(at address: SiteAddress) -> [UnsafeMutablePointer<Float>] {
    let all = common.activations(address)
    var row = 0
    let ends = common.texts.map { text in
      row += text.count
      return row - 1
    }
    return ends.suffix(SubjectTemplates.all.count).map(all.row)
  }

  /// Makes what `commonKeys(at:)` gives at some sites, side by side.
  func prepareCommonKeys(at addresses: [SiteAddress]) {
    let missing = addresses.filter { commonKeys[$0] == nil }
    common.prepare(missing)
    let activations = Dictionary(uniqueKeysWithValues: missing.map { ($0, common.activations($0)) })
    let backgroundCount = background.texts.reduce(0) { $0 + $1.count }
    let settings = settings
    let made = transformer.pool.each(of: missing) { address in
      let all = activations[address]!
      let rows = (0..<all.rows).filter { $0 < backgroundCount || $0 % settings.sentenceStride == 0 }
      let chosen = FloatMatrix(copying: rows.map(all.row), width: all.width)
      let lambda = settings.regionRidge * LeastSquaresKeys.medianSquare(chosen)
      return (address, LeastSquaresKeys(apartFrom: chosen, lambda: lambda, pool: nil))
    }
    for (address, keys) in made { commonKeys[address] = keys }
  }

  /// The factorization of the background and of a part of the tokens of sentences about other subjects, to be extended by
  /// the samples of one memory.
  func commonKeys(at address: SiteAddress) -> LeastSquaresKeys {
    if commonKeys[address] == nil { prepareCommonKeys(at: [address]) }
    return commonKeys[address]!
  }
}
