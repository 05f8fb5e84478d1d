import Kernels
import Runtime

/// Texts run once through the base model; a beginning that several have in common is run once.
final class StemmedRun {
  struct Text {
    var ids: [Int]
    /// The number of first tokens that count as one text's with those of others that begin alike; 0 for none.
    var stem = 0
    /// Whether the rest is run only as far as the cues' sites.
    var isShort = false

    /// - Parameter end: the last cue's site.
    func request(shortTo end: SiteAddress?) -> Beginnings.Text {
      Beginnings.Text(ids: ids, end: isShort ? end : nil)
    }
  }

  let texts: [Text]
  private let recorded: [RecordedText]
  private let transformer: Transformer

  /// - Parameter recorded: what was run of the texts.
  init(_ texts: [Text], recorded: [RecordedText], transformer: Transformer) {
    precondition(texts.count == recorded.count)
    (self.texts, self.recorded, self.transformer) = (texts, recorded, transformer)
  }

  /// Runs texts behind what is known of them.
  ///
  /// - Parameter end: the last site that short texts are run to; nil runs them to the end.
  convenience init(
    _ texts: [Text], behind beginnings: Beginnings, shortTo end: SiteAddress? = nil, transformer: Transformer
  ) {
    self.init(texts, recorded: beginnings.run(texts.map { $0.request(shortTo: end) }), transformer: transformer)
  }

  /// The activation [D] of a token of a text, from 0; of the rest of a short one as far as it was run.
  func activation(_ address: SiteAddress, _ text: Int, token: Int) -> UnsafeMutablePointer<Float> {
    recorded[text].activation(address, token: token)
  }

  /// The activation [D] of a text's last token.
  func last(_ address: SiteAddress, _ text: Int) -> UnsafeMutablePointer<Float> {
    activation(address, text, token: texts[text].ids.count - 1)
  }

  /// The tokens of all texts, each once: text and token.
  var tokens: [(text: Int, token: Int)] {
    var seen: Set<[Int]> = []
    return texts.indices.flatMap { text in
      let stem = texts[text].ids.prefix(texts[text].stem)
      let isNew = stem.isEmpty || seen.insert(Array(stem)).inserted
      return texts[text].ids.indices.dropFirst(isNew ? 0 : texts[text].stem).map { (text, $0) }
    }
  }

  /// What stands behind the last block [C] at the last tokens of some texts that are not short.
  func lastResiduals(of chosen: [Int], count: Int = 1) -> [UnsafeMutablePointer<Float>] {
    chosen.flatMap { text in texts[text].ids.indices.suffix(count).map { recorded[text].residual(token: $0) } }
  }
}

extension Transformer {
  /// The distributions [n, V] of the tokens behind those with given final residuals [C].
  func probabilities(behind residuals: [UnsafeMutablePointer<Float>]) -> FloatMatrix {
    let logits = logits(FloatMatrix(copying: residuals, width: shape.width), rows: residuals.indices)
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
