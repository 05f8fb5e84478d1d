import Format
import Runtime

/// A sequence whose last token a row is made for, run through the model with a backward: the activations and gradients
/// at every site.
struct KeyPass {
  let ids: [Int]
  let target: Int
  let tape = Tape(forBackward: true)
  let gradients: SiteGradients
  /// Keys and values of the whole sequence.
  let cache: KVCache
  let memories: MemorySet
  let transformer: Transformer

  /// - Parameter memories: rows already made, active in this pass.
  init(_ ids: [Int], target: Int, memories: MemorySet, transformer: Transformer) {
    self.ids = ids
    self.target = target
    self.memories = memories
    self.transformer = transformer
    cache = transformer.makeCache(capacity: ids.count)
    let batch = Batch(
      [.init(rows: 0..<ids.count, position: 0, cache: cache, appends: true, memories: memories)],
      shape: transformer.shape)
    transformer.embed([ids], batch)
    transformer.forward(batch, tape: tape)
    gradients = transformer.gradients(
      // The batch has no earlier tokens; its cache has been filled with its own.
      batch, tape: tape, losses: [LossTerm(row: ids.count - 1, target: target)])
  }

  var last: Int { ids.count - 1 }

  /// a: the activation of a token at a site, before any memory (D).
  func activation(_ address: SiteAddress, token: Int? = nil) -> [Float] {
    tape[address.layer].site(address.site).array(token ?? last)
  }

  /// g = ∂L/∂a (D).
  func gradient(_ address: SiteAddress, token: Int? = nil) -> [Float] {
    gradients[address].array(token ?? last)
  }

  /// The likeliest next token.
  var next: Int {
    transformer.logits(tape.final!, rows: [last]).largest(0)
  }
}

/// The key of a row: pass 3.
///
/// The seed's key is the activation itself, so that its own prompt has x = 0 exactly.
enum Key {
  static func seed(_ pass: KeyPass, _ address: SiteAddress, token: Int? = nil) -> [Float] {
    pass.activation(address, token: token)
  }
}

/// ‖vector‖ in the accuracy of what is computed from it.
func length(_ vector: [Float]) -> Float { Float(euclideanNorm(vector)) }
