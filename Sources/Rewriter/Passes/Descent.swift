import Kernels
import Runtime

/// A delta refined over several contexts at once: pass 4 of the compiler's own method.
///
/// Steps down the gradient of Σ −log p(target) on the positive contexts and of the divergence from the base model on the
/// others, each step a share of ‖a‖ long, so that Δ stays in the span of gradients. (Steps of Adam, which scale each
/// coordinate by itself, reached the target as soon but fewer paraphrases.)
struct Descent {
  private(set) var delta: [Float]
  private(set) var steps = 0
  /// ‖Δ‖ / ‖∂L/∂Δ‖ at Δ = 0: the α of a single step as long as Δ.
  private(set) var alpha: Float = 0
  private static let stepLimit = 14
  /// More of them where other memories act on the same token.
  private static let besideOthers = 12
  /// ‖step‖ / ‖a‖ while the target is far.
  private static let rate: Float = 0.4
  /// The loss at which steps begin to shorten.
  private static let near: Float = 1.5
  private static let momentum: Float = 0.5
  /// −log p at which the target leads safely.
  private static let safe: Float = 0.05
  /// Contexts of a step: the first, the other positives that are worst off, and some of those that should stay
  /// unchanged, in turns.
  private static let positivesAStep = 2
  private static let othersAStep = 4

  /// - Parameters:
  ///   - strengths: f of each context's own token.
  ///   - offsets: what other memories add to the contexts' own tokens (contexts, D); nil for nothing.
  init(_ pass: ContextPass, strengths: [Float], offsets: FloatMatrix?, at address: SiteAddress) {
    var firstGradient: Float = 0
    defer { if firstGradient > 0 { alpha = length(delta) / firstGradient } }
    let a = length(pass.activation(0, address))
    delta = [Float](repeating: 0, count: pass.activation(0, address).count)
    var velocity = delta
    let positives = pass.contexts.indices.dropFirst().filter { pass.contexts[$0].isPositive }
    let others = pass.contexts.indices.filter { !pass.contexts[$0].isPositive }
    // The largest −log p of a target token on a context when it was last looked at.
    var worst = [Float](repeating: .infinity, count: pass.contexts.count)
    let limit = Self.stepLimit + (offsets == nil ? 0 : Self.besideOthers)
    while steps < limit {
      var chosen = [0]
      var weights: [Float] = [1]
      func take(_ contexts: some Collection<Int>, of all: [Int]) {
        for i in contexts {
          chosen.append(i)
          weights.append(Float(all.count) / Float(contexts.count))
        }
      }
      take(
        positives.sorted { (-worst[$0], $0) < (-worst[$1], $1) }.prefix(Self.positivesAStep), of: positives)
      let count = min(Self.othersAStep, others.count)
      take((0..<count).map { others[(steps * count + $0) % others.count] }, of: others)
      let patched = pass.run(chosen, at: address) { i, activation in
        if let offsets { kernel_add_scaled(activation, offsets.row(i), 1, delta.count) }
        kernel_add_scaled(activation, delta, strengths[i], delta.count)
      }
      let (losses, gradients) = pass.gradients(patched, weights: weights, lowest: address)
      for ((i, weight), values) in zip(zip(chosen, weights), losses) {
        worst[i] = 0
        for (term, loss) in zip(pass.contexts[i].terms, values) {
          if case .token = term.goal { worst[i] = max(worst[i], loss / (term.weight * weight)) }
        }
      }
      if worst[0] < Self.safe, positives.allSatisfy({ worst[$0] < Self.safe }) { return }
      var gradient = [Float](repeating: 0, count: delta.count)
      for choice in patched.chosen {
        kernel_add_scaled(
          &gradient, gradients[address].row(choice.row), strengths[choice.context], gradient.count)
      }
      let g = length(gradient)
      if steps == 0 { firstGradient = g }
      guard g > 0, g.isFinite else { return }
      let total = losses.reduce(Float(0)) { $0 + $1.reduce(0, +) }
      let step = Self.rate * a / g * min(1, max(0, total) / Self.near)
      for d in delta.indices {
        velocity[d] = Self.momentum * velocity[d] + (1 - Self.momentum) * step * gradient[d]
        delta[d] -= velocity[d]
      }
      steps += 1
    }
  }
}
