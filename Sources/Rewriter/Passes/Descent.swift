import Kernels
import Runtime

/// Pass 4, from several contexts at once: a delta refined step by step.
///
/// Steps down the gradient of Σ −log p(target) on the positive contexts and of the divergence from the base model on the
/// others, each step a share of ‖a‖ long, so that Δ stays in the span of gradients. (Steps of Adam, which scale each
/// coordinate by itself, reached the target as soon but fewer paraphrases.)
struct Descent {
  private(set) var delta: [Float]
  private(set) var steps = 0
  /// ‖Δ‖ / ‖∂L/∂Δ‖ at Δ = 0: the α of a single step as long as Δ.
  var alpha: Float { firstGradient > 0 ? length(delta) / firstGradient : 0 }

  let run: ContextRun
  private let settings: CompilerSettings
  private let strengths: [Float]
  private let offsets: FloatMatrix?
  private let address: SiteAddress
  private let positives: [Int]
  private let others: [Int]
  private var velocity: [Float]
  private var firstGradient: Float = 0
  /// The largest −log p of a target token on a context when it was last looked at.
  private var worst: [Float]

  /// - Parameters:
  ///   - strengths: f of each context's own token.
  ///   - offsets: the vectors [contexts, D] that other memories add to the contexts' own tokens; nil for none.
  init(
    _ run: ContextRun, strengths: [Float], offsets: FloatMatrix?, at address: SiteAddress, settings: CompilerSettings
  ) {
    (self.run, self.strengths, self.offsets, self.address) = (run, strengths, offsets, address)
    self.settings = settings
    delta = [Float](repeating: 0, count: run.activation(0, address).count)
    velocity = delta
    positives = run.contexts.indices.dropFirst().filter { run.contexts[$0].isPositive }
    others = run.contexts.indices.filter { !run.contexts[$0].isPositive }
    worst = [Float](repeating: .infinity, count: run.contexts.count)
  }

  /// Steps until the target leads safely on all positive contexts, as far as their number allows.
  mutating func descend() {
    let limit = settings.descentSteps + (offsets == nil ? 0 : settings.descentStepsBesideOthers)
    while steps < limit {
      let slope = slope()
      if worst[0] < settings.descentSafe, positives.allSatisfy({ worst[$0] < settings.descentSafe }) { return }
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
    let patched = run.run(chosen, at: address) { i, activation in
      if let offsets { kernel_add_scaled(activation, offsets.row(i), 1, delta.count) }
      kernel_add_scaled(activation, delta, strengths[i], delta.count)
    }
    let (losses, gradients) = run.gradients(patched, weights: weights, lowest: address)
    for ((i, weight), values) in zip(zip(chosen, weights), losses) {
      worst[i] = 0
      for (term, loss) in zip(run.contexts[i].terms, values) {
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
    let count = min(settings.othersPerStep, others.count)
    let worstOff = positives.sorted { (-worst[$0], $0) < (-worst[$1], $1) }.prefix(settings.positivesPerStep)
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
    let step =
      settings.descentRate * length(run.activation(0, address)) / g * min(1, max(0, slope.loss) / settings.descentNear)
    for d in delta.indices {
      velocity[d] = settings.descentMomentum * velocity[d] + (1 - settings.descentMomentum) * step * slope.gradient[d]
      delta[d] -= velocity[d]
    }
    steps += 1
    return true
  }
}
