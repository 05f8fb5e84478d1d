import Format
import Runtime

/// The activations of all tokens of some texts, run as far through the base model as is asked for.
final class TextActivations {
  let texts: [[Int]]
  /// [n, D] per site: a row per token, text behind text.
  private(set) var known: [SiteAddress: FloatMatrix]
  private let transformer: Transformer

  var count: Int { texts.reduce(0) { $0 + $1.count } }

  /// - Parameter known: activations that need no run.
  init(_ texts: [[Int]], known: [SiteAddress: FloatMatrix] = [:], transformer: Transformer) {
    self.texts = texts
    self.known = known
    self.transformer = transformer
  }

  /// Runs what some sites are missing, in one run.
  func prepare(_ addresses: [SiteAddress]) {
    let missing = addresses.filter { known[$0] == nil }
    guard let last = missing.max() else { return }
    guard !texts.isEmpty else {
      for address in missing { known[address] = FloatMatrix(0, transformer.shape.width(of: address.site)) }
      return
    }
    let tape = Tape(forBackward: false, layers: Set(missing.map(\.layer)))
    let run = BaseRun(texts, recordedBy: tape, to: last, transformer: transformer)
    for address in missing { known[address] = run.activations(address) }
  }

  /// [n, D]
  func activations(_ address: SiteAddress) -> FloatMatrix {
    prepare([address])
    return known[address]!
  }

  /// The activations [texts, D] of one token per text.
  func activations(_ address: SiteAddress, of tokens: [Int]) -> FloatMatrix {
    let all = activations(address)
    var first = 0
    let rows = zip(texts, tokens).map { text, token in
      defer { first += text.count }
      return all.row(first + token)
    }
    return FloatMatrix(copying: rows, width: all.width)
  }
}
