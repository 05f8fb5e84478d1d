import Kernels
import Runtime

/// Texts run once through the base model; a beginning that several have in common is run once.
final class StemmedRun {
  struct Text {
    var ids: [Int]
    /// The number of first tokens that other texts begin with too; 0 for none.
    var stem = 0
    /// Whether the rest is run only as far as the cues' sites.
    var isShort = false
  }

  let texts: [Text]
  private let stems: BaseRun?
  private let stemOfText: [Int?]
  /// The rests of the texts that are run to the end, and of the short ones.
  private let whole: BaseRun
  private let short: BaseRun
  /// The number of each text's rest in its run.
  private let places: [Int]
  private let transformer: Transformer

  /// Tokens that were run.
  var count: Int { (stems?.count ?? 0) + whole.count + short.count }

  /// - Parameters:
  ///   - layers: those whose sites will be asked for.
  ///   - end: the last site that short texts are run to; nil runs them to the end.
  init(_ texts: [Text], layers: Set<Int>, to end: SiteAddress? = nil, transformer: Transformer) {
    self.texts = texts
    self.transformer = transformer
    var known: [[Int]: Int] = [:]
    var heads: [[Int]] = []
    stemOfText = texts.map { text in
      guard text.stem > 0 else { return nil }
      let head = Array(text.ids[..<text.stem])
      if let index = known[head] { return index }
      known[head] = heads.count
      heads.append(head)
      return heads.count - 1
    }
    let stems =
      heads.isEmpty
      ? nil
      : BaseRun(
        heads, isResumable: true, recordedBy: Tape(forBackward: false, layers: layers), transformer: transformer)
    self.stems = stems
    let none = BaseRun.Sequence(ids: [], position: 0, rows: 0..<0, cache: nil)
    let beginnings = stemOfText.map { $0.map { stems!.sequences[$0] } ?? none }
    var places: [Int] = []
    func rests(_ isShort: Bool, to end: SiteAddress?) -> BaseRun {
      let chosen = texts.indices.filter { texts[$0].isShort == isShort }
      return BaseRun(
        behind: chosen.map { beginnings[$0] }, chosen.map { Array(texts[$0].ids[texts[$0].stem...]) },
        recordedBy: Tape(forBackward: false, layers: layers.filter { layer in end.map { layer <= $0.layer } ?? true }),
        to: end, transformer: transformer)
    }
    whole = rests(false, to: nil)
    short = rests(true, to: end)
    var counts = [0, 0]
    for text in texts {
      let run = text.isShort ? 1 : 0
      places.append(counts[run])
      counts[run] += 1
    }
    self.places = places
  }

  /// The activation [D] of a token of a text, from 0; of the rest of a short one as far as it was run.
  func activation(_ address: SiteAddress, _ text: Int, token: Int) -> UnsafeMutablePointer<Float> {
    let stem = texts[text].stem
    if token < stem { return stems!.activation(address, stemOfText[text]!, token: token) }
    return (texts[text].isShort ? short : whole).activation(address, places[text], token: token - stem)
  }

  /// The activation [D] of a text's last token.
  func last(_ address: SiteAddress, _ text: Int) -> UnsafeMutablePointer<Float> {
    activation(address, text, token: texts[text].ids.count - 1)
  }

  /// The tokens of all texts, each once: text and token.
  var tokens: [(text: Int, token: Int)] {
    var seen: Set<Int> = []
    return texts.indices.flatMap { text in
      let isNew = stemOfText[text].map { seen.insert($0).inserted } ?? true
      return texts[text].ids.indices.dropFirst(isNew ? 0 : texts[text].stem).map { (text, $0) }
    }
  }

  /// The distributions [chosen × count, V] of the tokens behind the last ones of some texts that are not short.
  func probabilities(of chosen: [Int], last count: Int = 1) -> FloatMatrix {
    let rows = chosen.flatMap { whole.sequences[places[$0]].rows.suffix(count) }
    let logits = transformer.logits(whole.residual, rows: rows)
    for i in 0..<logits.rows { logits.normalize(row: i) }
    return logits
  }
}

extension FloatMatrix {
  /// Makes a row of logits the distribution that they stand for.
  func normalize(row: Int) {
    let values = self.row(row)
    let normalizer = kernel_log_sum_exp(values, width)
    for v in 0..<width { values[v] -= normalizer }
    kernel_exp(values, width, values)
  }
}
