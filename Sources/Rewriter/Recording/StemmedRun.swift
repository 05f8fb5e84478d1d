import Kernels
import Runtime

/// Texts run once through the base model; a beginning that several have in common is run once.
final class StemmedRun {
  struct Text {
    var ids: [Int]
    /// The number of first tokens that other texts begin with too; 0 for none.
    var stem = 0
  }

  let texts: [Text]
  private let stems: BaseRun?
  private let stemOfText: [Int?]
  private let rests: BaseRun
  private let transformer: Transformer

  /// Tokens that were run.
  var count: Int { (stems?.count ?? 0) + rests.count }

  /// - Parameter layers: those whose sites will be asked for.
  init(_ texts: [Text], layers: Set<Int>, transformer: Transformer) {
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
    stems =
      heads.isEmpty
      ? nil
      : BaseRun(
        heads, isResumable: true, recordedBy: Tape(forBackward: false, layers: layers), transformer: transformer)
    let none = BaseRun.Sequence(ids: [], position: 0, rows: 0..<0, cache: nil)
    let beginnings = stemOfText.map { [stems] in $0.map { stems!.sequences[$0] } ?? none }
    rests = BaseRun(
      behind: beginnings, texts.map { Array($0.ids[$0.stem...]) },
      recordedBy: Tape(forBackward: false, layers: layers), transformer: transformer)
  }

  /// The activation [D] of a token of a text, from 0.
  func activation(_ address: SiteAddress, _ text: Int, token: Int) -> UnsafeMutablePointer<Float> {
    let stem = texts[text].stem
    return token < stem
      ? stems!.activation(address, stemOfText[text]!, token: token)
      : rests.activation(address, text, token: token - stem)
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

  /// The distributions [chosen, V] of the token behind the last of some texts.
  func probabilities(of chosen: [Int]) -> FloatMatrix {
    let rows = chosen.map { rests.sequences[$0].rows.upperBound - 1 }
    let logits = transformer.logits(rests.residual, rows: rows)
    for i in 0..<logits.rows {
      let row = logits.row(i)
      let normalizer = kernel_log_sum_exp(row, logits.width)
      for v in 0..<logits.width { row[v] -= normalizer }
      kernel_exp(row, logits.width, row)
    }
    return logits
  }
}
