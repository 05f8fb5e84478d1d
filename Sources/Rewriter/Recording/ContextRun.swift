import Format
import Kernels
import Runtime

/// Contexts run once through the base model, so that a patch of each one's own token can be tried from a site on.
///
/// Contexts that begin alike up to their own token share its keys, values and activations.
final class ContextRun {
  private(set) var contexts: [Context]
  let transformer: Transformer
  private let beginnings: Beginnings
  /// Each context's text, and its beginning up to and with its own token, whose keys and values are kept.
  private var recorded: [(text: RecordedText, head: RecordedText)]
  /// log p of the base model [n, V] for the terms that should stay unchanged, and each context's first row there.
  private var unchanged: [(matrix: FloatMatrix, first: Int)] = []
  private(set) var counts = ContextCounts()

  /// - Parameters:
  ///   - recorded: what was run of `requests(contexts)`.
  ///   - beginnings: for contexts that come later.
  init(
    _ contexts: [Context], recorded: some Collection<RecordedText>, in beginnings: Beginnings, transformer: Transformer
  ) {
    precondition(recorded.count == 2 * contexts.count)
    (self.contexts, self.beginnings, self.transformer) = (contexts, beginnings, transformer)
    self.recorded = Array(zip(recorded.suffix(contexts.count), recorded.prefix(contexts.count)))
    counts = ContextCounts(texts: contexts.count)
    counts.tokens = Set(contexts.map(\.head)).reduce(0) { $0 + $1.count }
    unchanged = findUnchanged(contexts.indices)
  }

  /// Runs contexts behind what is known of them.
  convenience init(_ contexts: [Context], behind beginnings: Beginnings, transformer: Transformer) {
    let recorded = beginnings.run(Self.requests(contexts))
    self.init(contexts, recorded: recorded, in: beginnings, transformer: transformer)
  }

  /// What is to be run of contexts.
  static func requests(_ contexts: [Context]) -> [Beginnings.Text] {
    contexts.map { Beginnings.Text(ids: $0.head, isKept: true) } + contexts.map { Beginnings.Text(ids: $0.ids) }
  }

  /// Puts another context in the place of one that begins with the same text up to and with its own token.
  func replace(_ index: Int, with context: Context) {
    precondition(contexts[index].head == context.head)
    contexts[index] = context
    let run = beginnings.run(Self.requests([context]))
    recorded[index] = (text: run[1], head: run[0])
    unchanged[index] = findUnchanged(index..<(index + 1))[0]
  }

  private func findUnchanged(_ indices: Range<Int>) -> [(matrix: FloatMatrix, first: Int)] {
    var residuals: [UnsafeMutablePointer<Float>] = []
    let firsts = indices.map { i in
      let context = contexts[i]
      counts.tokens += context.ids.count - context.token - 1
      defer {
        for term in context.terms where term.goal.isUnchanged {
          residuals.append(recorded[i].text.residual(token: term.position))
        }
      }
      return residuals.count
    }
    counts.kept += residuals.count
    let matrix = logProbabilities(residuals)
    return firsts.map { (matrix: matrix, first: $0) }
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

  /// The base model's choice behind the last token of a context, which should stay unchanged.
  func lastChoice(_ context: Int) -> Int {
    let (matrix, first) = unchanged[context]
    return matrix.largest(first + contexts[context].terms.count(where: \.goal.isUnchanged) - 1)
  }

  /// The activation [D] of a context's own token at a site.
  func activation(_ context: Int, _ address: SiteAddress) -> [Float] {
    Array(UnsafeBufferPointer(start: own(context, address), count: transformer.shape.width(of: address.site)))
  }

  /// The same where it stands.
  func own(_ context: Int, _ address: SiteAddress) -> UnsafeMutablePointer<Float> {
    activation(context, address, token: contexts[context].token)
  }

  /// The activation [D] of a context's token.
  func activation(_ context: Int, _ address: SiteAddress, token: Int) -> UnsafeMutablePointer<Float> {
    recorded[context].text.activation(address, token: token)
  }

  /// What stands behind the last block [C] at a context's own token.
  func ownResidual(_ context: Int) -> UnsafeMutablePointer<Float> {
    recorded[context].text.residual(token: contexts[context].token)
  }

  /// The activations [n, D] at a site of the contexts' own tokens, each once, and of all other tokens. A token that
  /// stands behind the same text as an own token is that token.
  func activations(_ address: SiteAddress) -> (own: FloatMatrix, others: FloatMatrix) {
    let heads = Set(contexts.map(\.head))
    var own: [UnsafeMutablePointer<Float>] = []
    var others: [UnsafeMutablePointer<Float>] = []
    var seen = Set<[Int]>()
    for (i, context) in contexts.enumerated() {
      let isNew = !seen.contains(context.head)
      for position in context.ids.indices where isNew || position > context.token {
        let activation = activation(i, address, token: position)
        if position == context.token {
          own.append(activation)
          seen.insert(context.head)
        } else if !heads.contains(Array(context.ids[...position])) {
          others.append(activation)
        }
      }
    }
    let width = transformer.shape.width(of: address.site)
    return (FloatMatrix(copying: own, width: width), FloatMatrix(copying: others, width: width))
  }

  /// Σ s Δ [contexts, D] that rows of a site add to the contexts' own tokens; nil for no rows.
  func additions(of rows: [MemoryRow], at address: SiteAddress) -> FloatMatrix? {
    guard let width = rows.first?.key.count else { return nil }
    let result = FloatMatrix(contexts.count, width)
    result.fill(0)
    for row in rows {
      let region = MemoryRegion(row)
      for i in contexts.indices {
        let strength = region.strength(similarity: region.similarity(of: own(i, address), to: row.key))
        kernel_add_scaled(result.row(i), row.delta, strength, width)
      }
    }
    return result
  }
}

// MARK: - Trying a patch

extension ContextRun {
  /// Contexts, perhaps of several runs, run on with a patch of their own tokens.
  struct Patched {
    let batch: Batch
    let tape: Tape
    /// The contexts, and the row of each one's own token.
    let chosen: [(run: ContextRun, context: Int, row: Int)]
  }

  /// Runs contexts on from a site.
  ///
  /// - Parameter patch: called with the place of each among the chosen and the activation [D] of its own token.
  static func run(
    _ chosen: [(run: ContextRun, context: Int)], at address: SiteAddress, transformer: Transformer,
    patch: (Int, UnsafeMutablePointer<Float>) -> Void
  ) -> Patched {
    let none = MemorySet.none(of: transformer)
    let resumptions = chosen.map { run, i in
      run.recorded[i].text.resumption(
        at: address, from: run.contexts[i].token, cache: run.recorded[i].head.cache, memories: none)
    }
    let tape = Tape(forBackward: true)
    let batch = transformer.resume(resumptions, tape: tape, patch: patch)
    for (choice, sequence) in zip(chosen, batch.sequences) { choice.run.counts.forward += sequence.rows.count }
    return Patched(
      batch: batch, tape: tape, chosen: zip(chosen, batch.sequences).map { ($0.run, $0.context, $1.rows.lowerBound) })
  }

  /// Runs contexts on from a site, the activation [D] of each one's own token as `patch` leaves it.
  func run(
    _ chosen: [Int], at address: SiteAddress, patch: (Int, UnsafeMutablePointer<Float>) -> Void
  ) -> Patched {
    Self.run(chosen.map { (self, $0) }, at: address, transformer: transformer) { patch(chosen[$0], $1) }
  }

  /// The weighted losses of the patched contexts' terms, per context, and the gradients down to a site.
  static func gradients(
    _ patched: Patched, weights: [Float], lowest: SiteAddress, transformer: Transformer
  ) -> (losses: [[Float]], gradients: SiteGradients) {
    let terms = zip(patched.chosen, weights).map { choice, weight in
      choice.run.terms(of: choice.context, row: choice.row, weight: weight)
    }
    for (choice, sequence) in zip(patched.chosen, patched.batch.sequences) {
      choice.run.counts.backward += sequence.rows.count
    }
    let gradients = transformer.gradients(
      patched.batch, tape: patched.tape, losses: terms.flatMap(\.self), lowest: lowest)
    var rest = gradients.losses[...]
    let losses = terms.map { own in
      defer { rest = rest.dropFirst(own.count) }
      return Array(rest.prefix(own.count))
    }
    return (losses, gradients)
  }

  /// - Parameter row: of the context's own token in the batch.
  private func terms(of context: Int, row: Int, weight: Float) -> [LossTerm] {
    let matrix = unchanged[context].matrix
    var next = unchanged[context].first
    let own = contexts[context]
    counts.looked += own.terms.count
    return own.terms.map { term in
      var loss = LossTerm(row: row + term.position - own.token, target: 0, weight: weight * term.weight)
      switch term.goal {
      case .token(let id): loss.goal = .token(id)
      case .unchanged:
        loss.goal = .distribution(matrix, row: next)
        next += 1
      }
      return loss
    }
  }
}
