import Format
import Runtime

/// The activations of the tokens of some texts, run as far through the base model as is asked for.
final class TextActivations {
  let texts: [[Int]]
  /// The tokens of each text that are kept.
  private let kept: [[Int]]
  /// [n, D] per site: a row per token that is kept, text behind text.
  private(set) var known: [SiteAddress: FloatMatrix]
  private let transformer: Transformer

  /// The number of tokens that are kept.
  let count: Int

  /// Rows of a run at most, but for a longer text.
  private static let rowLimit = 2048

  /// - Parameters:
  ///   - kept: the tokens of each text whose activations are kept; nil keeps all.
  ///   - known: activations that need no run.
  init(
    _ texts: [[Int]], keeping kept: [[Int]]? = nil, known: [SiteAddress: FloatMatrix] = [:], transformer: Transformer
  ) {
    self.texts = texts
    self.kept = kept ?? texts.map { Array($0.indices) }
    count = self.kept.reduce(0) { $0 + $1.count }
    self.known = known
    self.transformer = transformer
  }

  /// Runs what some sites are missing.
  func prepare(_ addresses: [SiteAddress]) {
    let missing = Set(addresses.filter { known[$0] == nil }).sorted()
    guard let last = missing.last else { return }
    let made = missing.map { FloatMatrix(count, transformer.shape.width(of: $0.site)) }
    var first = 0
    for group in groups(ofRows: texts.map(\.count), limit: Self.rowLimit) {
      let tape = Tape(forBackward: false, layers: Set(missing.map(\.layer)))
      let run = BaseRun(Array(texts[group]), recordedBy: tape, to: last, transformer: transformer)
      let tokens = zip(run.sequences, kept[group]).flatMap { sequence, kept in
        kept.map { sequence.rows.lowerBound + $0 }
      }
      for (address, matrix) in zip(missing, made) {
        let activations = run.activations(address)
        for (i, token) in tokens.enumerated() {
          matrix.row(first + i).update(from: activations.row(token), count: matrix.width)
        }
      }
      first += tokens.count
    }
    for (address, matrix) in zip(missing, made) { known[address] = matrix }
  }

  /// [n, D]
  func activations(_ address: SiteAddress) -> FloatMatrix {
    prepare([address])
    return known[address]!
  }
}
