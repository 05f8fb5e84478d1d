import Format
import Kernels
import Runtime

/// Contexts run once through the base model, so that a patch of each one's own token can be tried from a site on.
///
/// Contexts that begin alike up to their own token share its keys, values and activations.
final class ContextRun {
  private(set) var contexts: [Context]
  private let transformer: Transformer
  private let layers: Set<Int>
  /// Each context's text up to and with its own token, each once.
  private let heads: BaseRun
  private let headOfContext: [Int]
  /// The tokens behind the own one, per context.
  private var tails: [Tail] = []
  private(set) var counts = ContextCounts()

  /// The rest of a context, run together with the rests of others.
  private struct Tail {
    let run: BaseRun
    let rows: Range<Int>
    /// log p of the base model [n, V] for the terms that should stay unchanged, and the context's first row there.
    let unchanged: FloatMatrix
    let firstUnchanged: Int
  }

  /// - Parameter layers: those whose sites will be asked for.
  init(_ contexts: [Context], layers: Set<Int>, transformer: Transformer) {
    self.contexts = contexts
    self.transformer = transformer
    self.layers = layers
    var known: [[Int]: Int] = [:]
    var texts: [[Int]] = []
    headOfContext = contexts.map { context in
      let head = context.head
      if let index = known[head] { return index }
      known[head] = texts.count
      texts.append(head)
      return texts.count - 1
    }
    heads = BaseRun(
      texts, isResumable: true, recordedBy: Tape(forBackward: false, layers: layers), transformer: transformer)
    counts = ContextCounts(texts: contexts.count)
    tails = runTails(contexts.indices)
    counts.tokens += heads.count
  }

  /// Puts another context in the place of one that begins with the same text up to and with its own token.
  func replace(_ index: Int, with context: Context) {
    precondition(contexts[index].head == context.head)
    contexts[index] = context
    tails[index] = runTails(index..<(index + 1))[0]
  }

  private func runTails(_ indices: Range<Int>) -> [Tail] {
    let run = BaseRun(
      behind: indices.map { heads.sequences[headOfContext[$0]] },
      contexts[indices].map { Array($0.ids[($0.token + 1)...]) },
      recordedBy: Tape(forBackward: false, layers: layers), transformer: transformer)
    counts.tokens += run.count
    var residuals: [UnsafeMutablePointer<Float>] = []
    var firsts: [Int] = []
    for (i, sequence) in zip(indices, run.sequences) {
      firsts.append(residuals.count)
      let context = contexts[i]
      for term in context.terms {
        guard case .unchanged = term.goal else { continue }
        residuals.append(
          term.position == context.token
            ? heads.residual.row(ownRow(i))
            : run.residual.row(sequence.rows.lowerBound + term.position - context.token - 1))
      }
    }
    let unchanged = logProbabilities(residuals)
    counts.kept += residuals.count
    return zip(run.sequences, firsts).map {
      Tail(run: run, rows: $0.rows, unchanged: unchanged, firstUnchanged: $1)
    }
  }

  /// The base model's log p [n, V] behind tokens whose last residuals are given.
  private func logProbabilities(_ residuals: [UnsafeMutablePointer<Float>]) -> FloatMatrix {
    let result = transformer.logits(
      FloatMatrix(copying: residuals, width: transformer.shape.width), rows: residuals.indices)
    for i in residuals.indices {
      let row = result.row(i)
      let normalizer = kernel_log_sum_exp(row, result.width)
      for v in 0..<result.width { row[v] -= normalizer }
    }
    return result
  }

  /// The row of `heads` that is a context's own token.
  private func ownRow(_ context: Int) -> Int { heads.sequences[headOfContext[context]].rows.upperBound - 1 }

  /// The base model's choice behind the last token of a context, which should stay unchanged.
  func lastChoice(_ context: Int) -> Int {
    let tail = tails[context]
    let count = contexts[context].terms.count { if case .unchanged = $0.goal { true } else { false } }
    return tail.unchanged.largest(tail.firstUnchanged + count - 1)
  }

  /// The base model's distribution [1, V] behind a context's own token.
  func probabilities(behind context: Int) -> FloatMatrix {
    let result = transformer.logits(heads.residual, rows: [ownRow(context)])
    result.normalize(row: 0)
    return result
  }

  /// The activation [D] of a context's own token at a site.
  func activation(_ context: Int, _ address: SiteAddress) -> [Float] {
    heads.activations(address).array(ownRow(context))
  }

  /// The same where it stands.
  func own(_ context: Int, _ address: SiteAddress) -> UnsafeMutablePointer<Float> {
    heads.activations(address).row(ownRow(context))
  }

  /// The activation [D] of a context's token up to its own.
  func activation(_ context: Int, _ address: SiteAddress, token: Int) -> UnsafeMutablePointer<Float> {
    heads.activation(address, headOfContext[context], token: token)
  }

  /// The activations [n, D] at a site of the contexts' own tokens, each once, and of all other tokens. A token that
  /// stands behind the same text as an own token is that token.
  func activations(_ address: SiteAddress) -> (own: FloatMatrix, others: FloatMatrix) {
    let head = heads.activations(address)
    let texts = Set(contexts.map(\.head))
    var own: [UnsafeMutablePointer<Float>] = []
    var others: [UnsafeMutablePointer<Float>] = []
    var seen = Set<Int>()
    for (i, context) in contexts.enumerated() {
      for position in context.ids.indices {
        let isOwn = texts.contains(Array(context.ids[...position]))
        if position > context.token {
          let row = tails[i].rows.lowerBound + position - context.token - 1
          if !isOwn { others.append(tails[i].run.activations(address).row(row)) }
        } else if seen.contains(headOfContext[i]) {
          continue
        } else if position == context.token {
          own.append(head.row(ownRow(i)))
          seen.insert(headOfContext[i])
        } else if !isOwn {
          others.append(head.row(heads.row(headOfContext[i], token: position)))
        }
      }
    }
    return (FloatMatrix(copying: own, width: head.width), FloatMatrix(copying: others, width: head.width))
  }

  /// Σ s Δ [contexts, D] that rows of a site add to the contexts' own tokens; nil for no rows.
  func additions(of rows: [MemoryRow], at address: SiteAddress) -> FloatMatrix? {
    guard let width = rows.first?.key.count else { return nil }
    let result = FloatMatrix(contexts.count, width)
    result.fill(0)
    for row in rows {
      let region = MemoryRegion(row)
      for i in contexts.indices {
        let activation = heads.activations(address).row(ownRow(i))
        let strength = region.strength(similarity: region.similarity(of: activation, to: row.key))
        kernel_add_scaled(result.row(i), row.delta, strength, width)
      }
    }
    return result
  }
}

// MARK: - Trying a patch

extension ContextRun {
  /// Contexts run on with a patch of their own tokens.
  struct Patched {
    let batch: Batch
    let tape: Tape
    /// The contexts, and the row of each one's own token.
    let chosen: [(context: Int, row: Int)]
  }

  /// Runs contexts on from a site, the activation [D] of each one's own token as `patch` leaves it.
  func run(
    _ chosen: [Int], at address: SiteAddress, patch: (Int, UnsafeMutablePointer<Float>) -> Void
  ) -> Patched {
    let none = MemorySet.none(of: transformer)
    let resumptions = chosen.map { i in
      Resumption(
        address: address, pieces: [(heads, ownRow(i)..<(ownRow(i) + 1)), (tails[i].run, tails[i].rows)],
        position: contexts[i].token, cache: heads.sequences[headOfContext[i]].cache, memories: none)
    }
    let tape = Tape(forBackward: true)
    let batch = transformer.resume(resumptions, tape: tape) { patch(chosen[$0], $1) }
    counts.forward += batch.rows
    return Patched(batch: batch, tape: tape, chosen: zip(chosen, batch.sequences).map { ($0, $1.rows.lowerBound) })
  }

  /// The weighted losses of the patched contexts' terms, per context, and the gradients down to a site.
  func gradients(
    _ patched: Patched, weights: [Float], lowest: SiteAddress
  ) -> (losses: [[Float]], gradients: SiteGradients) {
    var terms: [LossTerm] = []
    for (choice, weight) in zip(patched.chosen, weights) {
      let context = contexts[choice.context]
      let unchanged = tails[choice.context].unchanged
      var next = tails[choice.context].firstUnchanged
      for term in context.terms {
        let row = choice.row + term.position - context.token
        switch term.goal {
        case .token(let id): terms.append(LossTerm(row: row, target: id, weight: weight * term.weight))
        case .unchanged:
          terms.append(
            LossTerm(row: row, goal: .distribution(unchanged, row: next), weight: weight * term.weight))
          next += 1
        }
      }
    }
    counts.backward += patched.batch.rows
    counts.looked += terms.count
    let gradients = transformer.gradients(patched.batch, tape: patched.tape, losses: terms, lowest: lowest)
    var rest = gradients.losses[...]
    let losses = patched.chosen.map { choice in
      let count = contexts[choice.context].terms.count
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    return (losses, gradients)
  }
}
