import Format
import Runtime

/// A sequence whose last token a row is made for, run forward and backward: activations and gradients at every site.
struct KeyRun {
  let ids: [Int]
  let target: Int
  let memories: MemorySet
  let gradients: SiteGradients
  private let run: BaseRun

  /// - Parameter memories: rows made already, which act in this run; nil for none.
  init(_ ids: [Int], target: Int, memories: MemorySet? = nil, transformer: Transformer) {
    self.ids = ids
    self.target = target
    self.memories = memories ?? .none(of: transformer)
    run = BaseRun(
      [ids], isResumable: true, memories: memories, recordedBy: Tape(forBackward: true), transformer: transformer)
    gradients = run.gradients([LossTerm(row: ids.count - 1, target: target)])
  }

  var transformer: Transformer { run.transformer }
  /// The last token's position.
  var last: Int { ids.count - 1 }

  /// a [D]: the activation of a token at a site, before any memory; the last token's where none is given.
  func activation(_ address: SiteAddress, token: Int? = nil) -> [Float] {
    run.activations(address).array(token ?? last)
  }

  /// g = ∂L/∂a [D].
  func gradient(_ address: SiteAddress, token: Int? = nil) -> [Float] {
    gradients[address].array(token ?? last)
  }

  /// The likeliest next token.
  var next: Int { transformer.logits(run.residual, rows: [last]).largest(0) }

  /// The rows from a token on, to go on from a site.
  func resumption(at address: SiteAddress, from token: Int) -> Resumption {
    Resumption(
      address: address, pieces: [(run, token..<ids.count)], position: token, cache: run.sequences[0].cache,
      memories: memories)
  }
}

/// ‖vector‖, summed in F64.
func length(_ vector: [Float]) -> Float { Float(euclideanNorm(vector)) }
