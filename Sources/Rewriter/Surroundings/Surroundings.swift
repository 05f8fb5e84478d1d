import Format
import Kernels
import Runtime

/// All that the memories of one rewrite should leave alone, whatever they are about: text that the model itself writes,
/// other subjects, and the tokens that the other memories act on.
final class Surroundings {
  let background: Background
  /// What users say in chats, as the model writes it.
  let turns: [String]
  /// The background, and sentences about other subjects: every token is a sample.
  private let written: TextActivations
  private let sentences: TextActivations
  /// Of the memories' prompts the tokens that are samples.
  private let prompts: TextActivations
  /// Text of many kinds, every token of which is a sample at the subjects' site.
  private let wide: TextActivations
  var wideTexts: [[Int]] { wide.texts }
  /// Per memory the samples of its subject's last token and of its prompt's last, behind the common ones.
  let watched: [(subject: Int?, last: Int)]
  private let model: LanguageModel
  private let settings: CompilerSettings
  private var transformer: Transformer { model.transformer }
  private var keys: [SiteAddress: LeastSquaresKeys] = [:]
  private var sentenceKeys: [RidgedSite: LeastSquaresKeys] = [:]

  private struct RidgedSite: Hashable {
    var address: SiteAddress
    var ridge: Float
  }

  /// - Parameters:
  ///   - wide: text of many kinds, which no memory should take for a mention of its subject.
  ///   - prompts: every memory's key prompt and the token of its subject.
  ///   - sites: the sites that will probably be asked for.
  ///   - sentenceSites: those where only the sentences and prompts will be.
  ///   - known: activations of the common texts, from an earlier rewrite of the same base and background.
  init(
    _ model: LanguageModel, background: Background, turns: [String] = [], wide: [[Int]] = [],
    prompts: [(ids: [Int], subject: Int?)],
    sites: [SiteAddress], sentenceSites: [SiteAddress] = [], known: [SiteAddress: FloatMatrix] = [:],
    settings: CompilerSettings
  ) {
    let transformer = model.transformer
    (self.model, self.background, self.turns, self.settings) = (model, background, turns, settings)
    let (written, sentences) = (background.texts, Self.sentences(model, settings))
    let counts = (written.reduce(0) { $0 + $1.count }, sentences.reduce(0) { $0 + $1.count })
    func part(_ rows: Range<Int>, of count: Int) -> [SiteAddress: FloatMatrix] {
      known.filter { $0.value.rows == count }.mapValues { all in
        FloatMatrix(copying: rows.map(all.row), width: all.width)
      }
    }
    let (all, own) = (counts.0 + counts.1, counts.1)
    self.written = TextActivations(written, known: part(0..<counts.0, of: all), transformer: transformer)
    self.sentences = TextActivations(
      sentences,
      known: part(counts.0..<all, of: all).merging(part(0..<own, of: own)) { first, _ in first },
      transformer: transformer)
    var samples: [[Int]] = []
    var watched: [(subject: Int?, last: Int)] = []
    var next = all
    for (ids, subject) in prompts {
      watched.append((subject: subject.map { _ in next }, last: next + (subject == nil ? 0 : 1)))
      samples.append([subject, ids.count - 1].compactMap(\.self))
      next += samples[samples.count - 1].count
    }
    self.prompts = TextActivations(prompts.map(\.ids), keeping: samples, transformer: transformer)
    self.watched = watched
    self.wide = TextActivations(wide, transformer: transformer)
    self.written.prepare(sites)
    self.sentences.prepare(sites + sentenceSites)
    self.prompts.prepare(sites)
  }

  /// The texts that belong to no memory.
  static func texts(_ background: Background, model: LanguageModel, settings: CompilerSettings) -> [[Int]] {
    background.texts + sentences(model, settings)
  }

  private static func sentences(_ model: LanguageModel, _ settings: CompilerSettings) -> [[Int]] {
    sentenceTexts(settings).map { Array(model.tokenizer.encode($0).prefix(model.transformer.shape.positions)) }
  }

  private static func sentenceTexts(_ settings: CompilerSettings) -> [String] {
    SubjectTemplates.all.prefix(settings.otherSentences).enumerated().map { i, template in
      SubjectTemplates.filled(template, with: SubjectTemplates.name(i, step: 7))
    }
  }

  /// The activations of the texts that belong to no memory at each site that was asked for: of the background and the
  /// sentences, or of the sentences alone.
  var commonActivations: [SiteAddress: FloatMatrix] {
    Dictionary(
      uniqueKeysWithValues: sentences.known.map { address, own in
        (address, written.known[address].map { joined($0, own) } ?? own)
      })
  }

  private func joined(_ a: FloatMatrix, _ b: FloatMatrix) -> FloatMatrix {
    FloatMatrix(copying: (0..<a.rows).map(a.row) + (0..<b.rows).map(b.row), width: a.width)
  }

  private func common(at address: SiteAddress) -> FloatMatrix {
    joined(written.activations(address), sentences.activations(address))
  }

  /// How many tokens of the background and of the sentences about other subjects a row acts on.
  func firings(of row: MemoryRow, at address: SiteAddress) -> (fired: Int, of: Int) {
    let (region, all) = (MemoryRegion(row), similarities(to: row, at: address))
    return (all.count { region.strength(similarity: $0) > 0 }, all.count)
  }

  /// How many of the same tokens a row acts on, its cues counted: each text is a sequence of its own.
  ///
  /// - Throws: `FormatError` where the row or a cue does not fit the model.
  func firings(of row: MemoryRow) throws(FormatError) -> (fired: Int, of: Int) {
    let set = try MemorySet(rows: [row], for: transformer)
    guard let address = transformer.address(ofModule: row.module), let block = set[address] else { return (0, 0) }
    let needed = set.cueAddresses + [address]
    let parts = [written, sentences].map { part in
      // Most texts name no such subject, and need not be run as far as the row.
      needed.allSatisfy { part.known[$0] != nil }
        ? part : TextActivations(texts(of: part, naming: row.cues), transformer: transformer)
    }
    let fired = parts.reduce(0) { $0 + firings(of: block, set, at: address, in: $1) }
    return (fired, written.count + sentences.count)
  }

  /// The texts in which every cue `seen` is present somewhere.
  private func texts(of part: TextActivations, naming cues: [MemoryCue]) -> [[Int]] {
    var named = [Bool](repeating: true, count: part.texts.count)
    for cue in cues where cue.mode == .seen {
      guard let address = transformer.address(ofModule: cue.module) else { continue }
      let (region, all) = (MemoryRegion(cue), part.activations(address))
      var first = 0
      for (i, text) in part.texts.enumerated() {
        let similarities = region.similarities(of: all, rows: first..<(first + text.count), to: cue.key)
        if !similarities.contains(where: { region.strength(similarity: $0) > 0 }) { named[i] = false }
        first += text.count
      }
    }
    return zip(part.texts, named).filter(\.1).map(\.0)
  }

  private func firings(
    of block: MemoryBlock, _ set: MemorySet, at address: SiteAddress, in part: TextActivations
  ) -> Int {
    part.prepare(set.cueAddresses + [address])
    let activations = part.activations(address)
    var (first, fired) = (0, 0)
    for text in part.texts {
      let presence = CuePresence(of: set)
      for cue in set.cueAddresses {
        presence.watch(cue, part.activations(cue), rows: first..<(first + text.count), position: 0)
      }
      fired += text.indices.count { token in
        let own = (first + token)..<(first + token + 1)
        return block.firstFiring(activations, rows: own, presence: presence, position: token) != nil
      }
      first += text.count
    }
    return fired
  }

  /// The similarities of the same tokens to a row's key.
  func similarities(to row: MemoryRow, at address: SiteAddress) -> [Float] {
    similarities(to: MemoryRegion(row), key: row.key, at: address)
  }

  /// The similarities of the same tokens to the key of a region.
  func similarities(to region: MemoryRegion, key: [Float], at address: SiteAddress) -> [Float] {
    let all = common(at: address)
    return region.similarities(of: all, rows: 0..<all.rows, to: key)
  }

  /// The factorization of the surroundings' activations at a site, to be extended by a memory's own.
  func keys(at address: SiteAddress) -> LeastSquaresKeys {
    if let known = keys[address] { return known }
    var all = joined(common(at: address), prompts.activations(address))
    if wide.count > 0 { all = joined(all, wide.activations(address)) }
    let made = LeastSquaresKeys(apartFrom: all, ridge: settings.ridge, pool: transformer.pool)
    keys[address] = made
    return made
  }

  // MARK: - What no memory of the base has to do with

  /// The activations [D] of the last tokens of the sentences about other subjects, in the order of their templates.
  func sentenceEnds(at address: SiteAddress) -> [UnsafeMutablePointer<Float>] {
    let all = sentences.activations(address)
    var row = 0
    return sentences.texts.map { text in
      row += text.count
      return all.row(row - 1)
    }
  }

  /// The last token of a subject's name in each sentence; nil where the sentence is about another, as it should be.
  func sentenceTokens(of subject: String) -> [Int?] {
    zip(Self.sentenceTexts(settings), sentences.texts).map { text, ids in
      model.tokenizer.lastToken(of: subject, in: text, ids: ids)
    }
  }

  /// The samples of `keys(at:)` that are these tokens.
  func samples(of subject: String) -> [Int] {
    var first = written.count
    return zip(sentences.texts, sentenceTokens(of: subject)).compactMap { ids, token in
      defer { first += ids.count }
      return token.map { first + $0 }
    }
  }

  /// The activations [D] of the background's tokens.
  func backgroundTokens(at address: SiteAddress) -> [UnsafeMutablePointer<Float>] {
    let all = written.activations(address)
    return (0..<all.rows).map(all.row)
  }

  /// Runs the background as far as some sites.
  func prepareBackground(at addresses: [SiteAddress]) { written.prepare(addresses) }

  /// Makes what `sentenceKeys(at:ridge:)` gives at some sites, side by side.
  ///
  /// - Parameter ridge: λ as a share of the median ‖a‖².
  func prepareSentenceKeys(at addresses: [SiteAddress], ridge: Float) {
    let missing = addresses.filter { sentenceKeys[RidgedSite(address: $0, ridge: ridge)] == nil }
    sentences.prepare(missing)
    let activations = missing.map { ($0, sentences.activations($0)) }
    let samples = Dictionary(uniqueKeysWithValues: activations)
    let made = transformer.pool.each(of: missing) { address in
      (address, LeastSquaresKeys(apartFrom: samples[address]!, ridge: ridge, pool: nil))
    }
    for (address, keys) in made { sentenceKeys[RidgedSite(address: address, ridge: ridge)] = keys }
  }

  /// The factorization of all tokens of the sentences about other subjects, to be extended by the samples of one memory.
  func sentenceKeys(at address: SiteAddress, ridge: Float) -> LeastSquaresKeys {
    let site = RidgedSite(address: address, ridge: ridge)
    if sentenceKeys[site] == nil { prepareSentenceKeys(at: [address], ridge: ridge) }
    return sentenceKeys[site]!
  }
}
