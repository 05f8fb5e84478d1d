import Foundation

@testable import Format
@testable import Runtime

/// Random rows, many of which ask for cues, around the activations that a text's tokens have.
struct GatedSample {
  let rows: [MemoryRow]
  let set: MemorySet

  init(_ model: Transformer, _ ids: [Int], using random: inout SeededGenerator) throws {
    var keys = SampleKeys(model, ids, random)
    let addresses = model.shape.addresses
    let cues = addresses.dropLast().flatMap { address in
      [MemoryCue.Mode.seen, .here, .seen].map { keys.cue($0, address) }
    }
    rows = (0..<24).map { i in
      let address = addresses[i % addresses.count]
      let earlier = cues.filter { model.address(ofModule: $0.module)! < address }
      let count = earlier.isEmpty ? 0 : [0, 1, 1, 2, 2, 3].randomElement(using: &keys.random)!
      return keys.row(address, asking: (0..<count).map { _ in earlier.randomElement(using: &keys.random)! })
    }
    random = keys.random
    set = try MemorySet(rows: rows, for: model)
  }
}

/// Random regions around the activations that a text's tokens have in the base model.
struct SampleKeys {
  var random: SeededGenerator
  private let model: Transformer
  private let ids: [Int]
  private let tape = Tape(forBackward: false)

  init(_ model: Transformer, _ ids: [Int], _ random: SeededGenerator) {
    (self.model, self.ids, self.random) = (model, ids, random)
    model.forward(model.singleBatch(ids), tape: tape)
  }

  /// A cue that is present, more or less, at a token; nil for any.
  mutating func cue(_ mode: MemoryCue.Mode, _ address: SiteAddress, token: Int? = nil) -> MemoryCue {
    MemoryCue(
      mode: mode, module: model.module(address), boundary: Float.random(in: 0.2...0.9, using: &random), hardness: 3,
      key: key(address, token: token))
  }

  /// A row that acts, more or less, on a token; nil for any.
  mutating func row(_ address: SiteAddress, token: Int? = nil, asking cues: [MemoryCue]) -> MemoryRow {
    let key = key(address, token: token)
    return MemoryRow(
      module: model.module(address), position: 0, targetID: 0, alpha: 1,
      boundary: Float.random(in: 0.2...0.9, using: &random), hardness: [1, 3, 8].randomElement(using: &random)!,
      key: key, delta: key.map { _ in Float.random(in: -0.2...0.2, using: &random) }, cues: cues)
  }

  private mutating func key(_ address: SiteAddress, token: Int?) -> [Float] {
    let token = token ?? Int.random(in: 0..<ids.count, using: &random)
    let scale = Float.random(in: 0.7...1.4, using: &random)
    return tape[address.layer].site(address.site).array(token).map {
      $0 * (scale + Float.random(in: -0.3...0.3, using: &random))
    }
  }
}

/// The formula of the format, computed token by token in double precision, from the activations of a run with `rows`.
struct GatedFormula {
  struct Key: Hashable {
    var row: Int
    var token: Int
  }

  let rows: [MemoryRow]
  let model: Transformer
  /// [token][D] per module, as far as the run has come.
  private var activations: [ByteString: [[Float]]] = [:]
  /// The strengths above 0.
  private(set) var strengths: [Key: Double] = [:]

  init(_ rows: [MemoryRow], _ model: Transformer) { (self.rows, self.model) = (rows, model) }

  /// The logits [tokens, V] of a run in which the formula changes the activations.
  mutating func logits(of ids: [Int]) -> FloatMatrix {
    let batch = model.singleBatch(ids)
    model.forward(batch) { change(batch, $0) }
    return model.logits(batch.residual, rows: ids.indices)
  }

  private mutating func change(_ batch: Batch, _ address: SiteAddress) {
    let (module, matrix) = (model.module(address), batch.site(address.site))
    activations[module] = (0..<batch.rows).map(matrix.array)
    for (index, row) in rows.enumerated() where row.module == module {
      for token in 0..<batch.rows {
        var strength = strength(module, token, row.key, row.boundary, row.hardness)
        for cue in row.cues { strength *= presence(cue, token) }
        guard strength >= 1e-6 else { continue }
        strengths[Key(row: index, token: token)] = strength
        for i in row.delta.indices { matrix.row(token)[i] += Float(strength) * row.delta[i] }
      }
    }
  }

  func presence(_ cue: MemoryCue, _ token: Int) -> Double {
    let tokens = cue.mode == .seen ? 0...token : token...token
    return tokens.map { strength(cue.module, $0, cue.key, cue.boundary, cue.hardness) }.max()!
  }

  private func strength(_ module: ByteString, _ token: Int, _ key: [Float], _ b: Float, _ h: Float) -> Double {
    let product = zip(activations[module]![token], key).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    let x = 1 - product / key.reduce(0.0) { $0 + Double($1) * Double($1) }
    let s = exp(-pow(x * x / (Double(b) * Double(b)), Double(h)))
    return s < 1e-6 ? 0 : s
  }
}
