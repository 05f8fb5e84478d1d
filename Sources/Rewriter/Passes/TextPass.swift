import Kernels
import Runtime

/// Texts, run through the base model as far as is asked for: the activations of all their tokens.
final class TextPass {
  let texts: [[Int]]
  /// Rows (n, D) by site, a row a token, one text behind the other.
  private(set) var known: [SiteAddress: FloatMatrix]
  private let transformer: Transformer

  var count: Int { texts.reduce(0) { $0 + $1.count } }

  /// - Parameter known: activations that need no run.
  init(_ texts: [[Int]], known: [SiteAddress: FloatMatrix] = [:], transformer: Transformer) {
    self.texts = texts
    self.known = known
    self.transformer = transformer
  }

  /// Runs what is missing of some sites, all at once.
  func prepare(_ addresses: [SiteAddress]) {
    let missing = addresses.filter { known[$0] == nil }
    guard let last = missing.map(\.layer).max() else { return }
    guard !texts.isEmpty else {
      for address in missing { known[address] = FloatMatrix(0, transformer.shape.width(of: address.site)) }
      return
    }
    let tape = Tape(forBackward: false, layers: Set(missing.map(\.layer)))
    let none = MemorySet.none(of: transformer)
    var row = 0
    let batch = Batch(
      texts.map { ids in
        defer { row += ids.count }
        return .init(rows: row..<(row + ids.count), position: 0, cache: nil, appends: false, memories: none)
      }, shape: transformer.shape)
    transformer.embed(texts, batch)
    transformer.forward(batch, layers: 0..<(last + 1), tape: tape)
    for address in missing { known[address] = tape[address.layer].site(address.site) }
  }

  func activations(_ address: SiteAddress) -> FloatMatrix {
    prepare([address])
    return known[address]!
  }

  /// The activations (n, D) of one token of each text.
  func activations(_ address: SiteAddress, of tokens: [Int]) -> FloatMatrix {
    let all = activations(address)
    let result = FloatMatrix(tokens.count, all.width)
    var first = 0
    for (i, token) in tokens.enumerated() {
      result.row(i).update(from: all.row(first + token), count: all.width)
      first += texts[i].count
    }
    return result
  }
}
