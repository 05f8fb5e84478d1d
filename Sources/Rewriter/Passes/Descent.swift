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
  var alpha: Float { firstGradient > 0 ? length(delta) / firstGradient : 0 }

  let pass: ContextPass
  private let strengths: [Float]
  private let offsets: FloatMatrix?
  private let address: SiteAddress
  private let positives: [Int]
  private let others: [Int]
  private var velocity: [Float]
  private var firstGradient: Float = 0
  /// The largest −log p of a target token on a context when it was last looked at.
  private var worst: [Float]

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
    (self.pass, self.strengths, self.offsets, self.address) = (pass, strengths, offsets, address)
    delta = [Float](repeating: 0, count: pass.activation(0, address).count)
    velocity = delta
    positives = pass.contexts.indices.dropFirst().filter { pass.contexts[$0].isPositive }
    others = pass.contexts.indices.filter { !pass.contexts[$0].isPositive }
    worst = [Float](repeating: .infinity, count: pass.contexts.count)
  }

  /// Steps until the target leads safely on all positive contexts, as far as their number allows.
  mutating func descend() {
    let limit = Self.stepLimit + (offsets == nil ? 0 : Self.besideOthers)
    while steps < limit {
      let slope = slope()
      if worst[0] < Self.safe, positives.allSatisfy({ worst[$0] < Self.safe }) { return }
      guard move(down: slope) else { return }
    }
  }

  /// A number of steps, also where the target leads.
  mutating func descend(steps count: Int) {
    velocity = [Float](repeating: 0, count: delta.count)
    for _ in 0..<count { guard move(down: slope()) else { return } }
  }

  /// The weighted loss on the contexts whose turn it is, and ∂loss/∂Δ (D).
  private mutating func slope() -> (loss: Float, gradient: [Float]) {
    let (chosen, weights) = choice()
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
    var gradient = [Float](repeating: 0, count: delta.count)
    for choice in patched.chosen {
      kernel_add_scaled(&gradient, gradients[address].row(choice.row), strengths[choice.context], gradient.count)
    }
    return (losses.reduce(Float(0)) { $0 + $1.reduce(0, +) }, gradient)
  }

  /// The contexts of the next step, and how much each counts there.
  private func choice() -> (contexts: [Int], weights: [Float]) {
    let count = min(Self.othersAStep, others.count)
    let worstOff = positives.sorted { (-worst[$0], $0) < (-worst[$1], $1) }.prefix(Self.positivesAStep)
    let inTurn = (0..<count).map { others[(steps * count + $0) % others.count] }
    func share(_ all: [Int], _ chosen: Int) -> [Float] {
      [Float](repeating: Float(all.count) / Float(max(1, chosen)), count: chosen)
    }
    return ([0] + worstOff + inTurn, [1] + share(positives, worstOff.count) + share(others, count))
  }

  /// - Returns: whether there is a way down.
  private mutating func move(down slope: (loss: Float, gradient: [Float])) -> Bool {
    let g = length(slope.gradient)
    if steps == 0 { firstGradient = g }
    guard g > 0, g.isFinite else { return false }
    let step = Self.rate * length(pass.activation(0, address)) / g * min(1, max(0, slope.loss) / Self.near)
    for d in delta.indices {
      velocity[d] = Self.momentum * velocity[d] + (1 - Self.momentum) * step * slope.gradient[d]
      delta[d] -= velocity[d]
    }
    steps += 1
    return true
  }
}
