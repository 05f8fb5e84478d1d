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
    var all = [self]
    Self.descend(&all)
    self = all[0]
  }

  /// The same of several descents side by side, so that the head's weights are read for all of them at once.
  static func descend(_ descents: inout [Descent]) {
    var active = descents.indices.filter { descents[$0].steps < descents[$0].limit }
    while !active.isEmpty {
      var left: [Int] = []
      let bySite = Dictionary(grouping: active) { descents[$0].address }
      for address in bySite.keys.sorted() {
        for first in stride(from: 0, to: bySite[address]!.count, by: sideBySide) {
          let group = bySite[address]![first...].prefix(sideBySide)
          let slopes = slopes(group, of: &descents)
          left += zip(group, slopes).filter { descents[$0].goesOn(down: $1) }.map(\.0)
        }
      }
      active = left
    }
  }

  /// The descents of a batch at most: each has some logits to keep.
  private static let sideBySide = 12

  private var limit: Int { settings.descentSteps + (offsets == nil ? 0 : settings.descentStepsBesideOthers) }

  /// A number of steps, also where the target leads.
  mutating func descend(steps count: Int) {
    velocity = [Float](repeating: 0, count: delta.count)
    var all = [self]
    for _ in 0..<count { guard all[0].move(down: Self.slopes([0], of: &all)[0]) else { break } }
    self = all[0]
  }

  private typealias Slope = (loss: Float, gradient: [Float])

  /// Of some descents at one site the weighted loss on the contexts whose turn it is, and ∂loss/∂Δ (D).
  private static func slopes(_ group: some Collection<Int>, of descents: inout [Descent]) -> [Slope] {
    guard let one = group.first.map({ descents[$0] }) else { return [] }
    let transformer = one.run.transformer
    var chosen: [(descent: Int, context: Int, weight: Float)] = []
    for i in group {
      let (contexts, weights) = descents[i].choice()
      chosen += zip(contexts, weights).map { (i, $0, $1) }
    }
    let patched = ContextRun.run(
      chosen.map { (descents[$0.descent].run, $0.context) }, at: one.address, transformer: transformer
    ) { i, activation in descents[chosen[i].descent].patch(chosen[i].context, activation) }
    let (losses, gradients) = ContextRun.gradients(
      patched, weights: chosen.map(\.weight), lowest: one.address, transformer: transformer)
    var slopes: [Int: Slope] = [:]
    for (i, choice) in chosen.enumerated() {
      let row = gradients[one.address].row(patched.chosen[i].row)
      descents[choice.descent].add(
        losses[i], of: choice.context, weight: choice.weight, gradient: row, to: &slopes[choice.descent])
    }
    return group.map { slopes[$0]! }
  }

  /// Adds the other memories' vectors and the delta to the activation [D] of a context's own token.
  private func patch(_ context: Int, _ activation: UnsafeMutablePointer<Float>) {
    if let offsets { kernel_add_scaled(activation, offsets.row(context), 1, delta.count) }
    kernel_add_scaled(activation, delta, strengths[context], delta.count)
  }

  private mutating func add(
    _ losses: [Float], of context: Int, weight: Float, gradient: UnsafeMutablePointer<Float>, to slope: inout Slope?
  ) {
    worst[context] = 0
    for (term, loss) in zip(run.contexts[context].terms, losses) {
      if case .token = term.goal { worst[context] = max(worst[context], loss / (term.weight * weight)) }
    }
    var sum = slope ?? (loss: 0, gradient: [Float](repeating: 0, count: delta.count))
    slope = nil
    kernel_add_scaled(&sum.gradient, gradient, strengths[context], delta.count)
    sum.loss += losses.reduce(0, +)
    slope = sum
  }

  /// Steps down a slope, but where the target leads already.
  ///
  /// - Returns: whether more steps are to follow.
  private mutating func goesOn(down slope: Slope) -> Bool {
    if worst[0] < settings.descentSafe, positives.allSatisfy({ worst[$0] < settings.descentSafe }) { return false }
    return move(down: slope) && steps < limit
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
  private mutating func move(down slope: Slope) -> Bool {
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
