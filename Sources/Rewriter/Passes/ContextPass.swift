import Format
import Kernels
import Runtime

/// Contexts run once through the base model, so that a patch at a site can be tried on all of them from that site and
/// from the memory's token on.
///
/// Contexts that begin alike up to that token share its keys, values and activations.
final class ContextPass {
  private(set) var contexts: [Context]
  private let transformer: Transformer
  /// Each context's text up to and with the memory's token, each once: rows of `headTape`.
  private var heads: [(rows: Range<Int>, cache: KVCache)] = []
  private var headOfContext: [Int] = []
  private let headTape: Tape
  /// The heads' last rows behind all layers.
  private let headResidual: FloatMatrix
  /// What follows the own token of each context.
  private var tails: [Tail] = []
  private let layers: Set<Int>
  private(set) var counts = ContextCounts()

  /// The rest of a context, run together with those of others.
  private struct Tail {
    let tape: Tape
    let rows: Range<Int>
    /// log p of the base model for each term that should stay unchanged, and the context's first of them.
    let unchanged: FloatMatrix
    let firstUnchanged: Int
  }

  /// - Parameter layers: those whose sites will be asked for.
  init(_ contexts: [Context], layers: Set<Int>, transformer: Transformer) {
    self.contexts = contexts
    self.transformer = transformer
    self.layers = layers
    headTape = Tape(forBackward: false, layers: layers)
    let none = MemorySet.none(of: transformer)

    var known: [[Int]: Int] = [:]
    var headIDs: [[Int]] = []
    var row = 0
    for context in contexts {
      let ids = Array(context.ids[...context.token])
      if let head = known[ids] {
        headOfContext.append(head)
        continue
      }
      known[ids] = heads.count
      headOfContext.append(heads.count)
      heads.append((row..<(row + ids.count), transformer.makeCache(capacity: ids.count)))
      headIDs.append(ids)
      row += ids.count
    }
    let first = Batch(
      heads.map { .init(rows: $0.rows, position: 0, cache: $0.cache, appends: true, memories: none) },
      shape: transformer.shape)
    transformer.embed(headIDs, first)
    transformer.forward(first, tape: headTape)

    headResidual = FloatMatrix(heads.count, transformer.shape.width)
    for (i, head) in heads.enumerated() {
      headResidual.row(i).update(
        from: first.residual.row(head.rows.upperBound - 1), count: transformer.shape.width)
    }
    tails = runTails(contexts.indices)
    (counts.texts, counts.tokens) = (contexts.count, counts.tokens + first.rows)
  }

  /// Another context in the place of one that begins with the same text up to and with the memory's token.
  func replace(_ index: Int, with context: Context) {
    precondition(contexts[index].ids[...contexts[index].token] == context.ids[...context.token])
    contexts[index] = context
    tails[index] = runTails(index..<(index + 1))[0]
  }

  private func runTails(_ indices: Range<Int>) -> [Tail] {
    let none = MemorySet.none(of: transformer)
    let tape = Tape(forBackward: false, layers: layers)
    let batch = Batch(
      [], shape: transformer.shape, capacity: indices.reduce(0) { $0 + contexts[$1].ids.count - contexts[$1].token - 1 }
    )
    var rows: [Range<Int>] = []
    for i in indices {
      let context = contexts[i]
      rows.append(batch.rows..<(batch.rows + context.ids.count - context.token - 1))
      batch.append(
        .init(
          rows: rows.last!, position: context.token + 1, cache: heads[headOfContext[i]].cache, appends: false,
          memories: none))
    }
    transformer.embed(contexts[indices].map { Array($0.ids[($0.token + 1)...]) }, batch)
    if batch.rows > 0 { transformer.forward(batch, tape: tape) }
    counts.tokens += batch.rows

    var looked: [UnsafeMutablePointer<Float>] = []
    var firsts: [Int] = []
    for (i, rows) in zip(indices, rows) {
      firsts.append(looked.count)
      for term in contexts[i].terms {
        guard case .unchanged = term.goal else { continue }
        looked.append(
          term.position == contexts[i].token
            ? headResidual.row(headOfContext[i])
            : batch.residual.row(rows.lowerBound + term.position - contexts[i].token - 1))
      }
    }
    let unchanged = logProbabilities(looked)
    counts.kept += looked.count
    return zip(rows, firsts).map { Tail(tape: tape, rows: $0, unchanged: unchanged, firstUnchanged: $1) }
  }

  /// The base model's log p (n, V) behind tokens whose last residuals are given.
  private func logProbabilities(_ residuals: [UnsafeMutablePointer<Float>]) -> FloatMatrix {
    let picked = FloatMatrix(residuals.count, transformer.shape.width)
    for (i, row) in residuals.enumerated() { picked.row(i).update(from: row, count: picked.width) }
    let result = transformer.logits(picked, rows: residuals.indices)
    for i in residuals.indices {
      let row = result.row(i)
      let normalizer = kernel_log_sum_exp(row, result.width)
      for v in 0..<result.width { row[v] -= normalizer }
    }
    return result
  }

  /// The base model's choice behind the last token of a context, which should stay unchanged.
  func lastChoice(_ context: Int) -> Int {
    let tail = tails[context]
    let count = contexts[context].terms.count { if case .unchanged = $0.goal { true } else { false } }
    return tail.unchanged.largest(tail.firstUnchanged + count - 1)
  }

  /// The activation of a context's token at a site (D).
  func activation(_ context: Int, _ address: SiteAddress) -> [Float] {
    headTape[address.layer].site(address.site).array(heads[headOfContext[context]].rows.upperBound - 1)
  }

  /// The activations at a site (n, D) of the contexts' own tokens, each once, and of all other tokens. One that stands
  /// behind the same text as an own token does is that token.
  func activations(_ address: SiteAddress) -> (own: FloatMatrix, others: FloatMatrix) {
    let head = headTape[address.layer].site(address.site)
    let texts = Set(contexts.map { Array($0.ids[...$0.token]) })
    var own: [UnsafeMutablePointer<Float>] = []
    var others: [UnsafeMutablePointer<Float>] = []
    var seen = Set<Int>()
    for (i, context) in contexts.enumerated() {
      for position in context.ids.indices {
        let text = Array(context.ids[...position])
        if position > context.token {
          if !texts.contains(text) {
            others.append(
              tails[i].tape[address.layer].site(address.site)
                .row(tails[i].rows.lowerBound + position - context.token - 1))
          }
        } else if seen.contains(headOfContext[i]) {
          continue
        } else if position == context.token {
          own.append(head.row(heads[headOfContext[i]].rows.lowerBound + position))
          seen.insert(headOfContext[i])
        } else if !texts.contains(text) {
          others.append(head.row(heads[headOfContext[i]].rows.lowerBound + position))
        }
      }
    }
    func gathered(_ rows: [UnsafeMutablePointer<Float>]) -> FloatMatrix {
      let result = FloatMatrix(rows.count, head.width)
      for (i, row) in rows.enumerated() { result.row(i).update(from: row, count: head.width) }
      return result
    }
    return (gathered(own), gathered(others))
  }

  /// Σ s Δ that rows of a site add to the contexts' own tokens (contexts, D); nil for no rows.
  func additions(of rows: [MemoryRow], at address: SiteAddress) -> FloatMatrix? {
    guard let width = rows.first?.key.count else { return nil }
    let result = FloatMatrix(contexts.count, width)
    for i in contexts.indices {
      let activation = activation(i, address)
      result.row(i).update(repeating: 0, count: width)
      for row in rows {
        let similarity =
          kernel_dot_product(activation, row.key, width) / kernel_dot_product(row.key, row.key, width)
        let strength = MemoryRegion.strength(
          similarity: similarity, boundary: row.boundary, hardness: row.hardness)
        kernel_add_scaled(result.row(i), row.delta, strength, width)
      }
    }
    return result
  }

  /// A pass of some contexts, from their tokens on, with a patch at one site.
  struct Patched {
    let batch: Batch
    let tape: Tape
    /// The contexts, and the row of each one's own token.
    let chosen: [(context: Int, row: Int)]
  }

  /// Runs contexts with the activation of each one's own token (D) as `patch` leaves it.
  func run(
    _ chosen: [Int], at address: SiteAddress, patch: (Int, UnsafeMutablePointer<Float>) -> Void
  ) -> Patched {
    let batch = Batch(
      [], shape: transformer.shape,
      capacity: chosen.reduce(0) { $0 + contexts[$1].ids.count - contexts[$1].token })
    let site = batch.site(address.site)
    let none = MemorySet.none(of: transformer)
    func residual(_ tape: Tape) -> FloatMatrix {
      address.site == .attn ? tape[address.layer].residual : tape[address.layer].middle
    }
    var placed: [(context: Int, row: Int)] = []
    for i in chosen {
      let (first, tail, head) = (batch.rows, tails[i], heads[headOfContext[i]])
      batch.append(
        .init(
          rows: first..<(first + 1 + tail.rows.count), position: contexts[i].token, cache: head.cache, appends: false,
          memories: none))
      let own = head.rows.upperBound - 1
      batch.residual.row(first).update(from: residual(headTape).row(own), count: batch.residual.width)
      site.row(first).update(
        from: headTape[address.layer].site(address.site).row(own), count: site.width)
      if !tail.rows.isEmpty {
        batch.residual.row(first + 1).update(
          from: residual(tail.tape).row(tail.rows.lowerBound), count: tail.rows.count * batch.residual.width)
        site.row(first + 1).update(
          from: tail.tape[address.layer].site(address.site).row(tail.rows.lowerBound),
          count: tail.rows.count * site.width)
      }
      patch(i, site.row(first))
      placed.append((i, first))
    }
    let tape = Tape(forBackward: true)
    transformer.resume(batch, at: address, tape: tape)
    counts.forward += batch.rows
    return Patched(batch: batch, tape: tape, chosen: placed)
  }

  /// The weighted losses of the patched contexts' terms, context by context, and the gradients down to a site.
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
