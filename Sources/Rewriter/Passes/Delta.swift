import Format
import Runtime

/// What a row adds: pass 4.
struct Delta {
  var values: [Float]
  var trial: PatchTrial
  /// Gradient steps taken; 1 where Δ = −α g alone does it.
  var steps: Int

  /// More steps than this have not helped where the first few did not.
  private static let stepLimit = 12
  /// ‖step‖ / ‖a‖ of the steps tried behind the first.
  private static let relativeSteps: [Float] = [0.125, 0.25, 0.5, 1, 2]

  /// Δ = −α g for a trial of the locate pass.
  init(_ trial: PatchTrial, _ pass: KeyPass) {
    values = pass.gradient(trial.address, token: trial.token).map { -trial.alpha * $0 }
    self.trial = trial
    steps = 1
  }

  /// Steps further down the gradient at a + Δ until the target leads safely.
  mutating func refine(_ pass: KeyPass) {
    let address = trial.address
    let a = length(pass.activation(address))
    while trial.margin < Locate.safeMargin, steps < Self.stepLimit {
      let gradient = patchedGradient(pass)
      let g = length(gradient)
      guard g > 0, g.isFinite else { return }
      let candidates = Self.relativeSteps.map { step in
        PatchTrial(
          address: address, token: trial.token, alpha: step * a / g, relativeStep: 0, logprob: -.infinity,
          margin: -.infinity)
      }
      func moved(_ trial: PatchTrial) -> [Float] { zip(values, gradient).map { $0 - trial.alpha * $1 } }
      let tried = Locate.run(candidates, pass, token: trial.token, delta: moved)
      guard
        let best = tried.first(where: { $0.margin >= Locate.safeMargin })
          ?? tried.max(by: { $0.margin < $1.margin }),
        best.margin > trial.margin
      else { return }
      values = moved(best)
      trial.logprob = best.logprob
      trial.margin = best.margin
      trial.relativeStep = length(values) / a
      steps += 1
    }
  }

  /// ∂L/∂a' at a' = a + Δ for the last token.
  private func patchedGradient(_ pass: KeyPass) -> [Float] {
    let transformer = pass.transformer
    let batch = Batch(
      [.init(rows: 0..<1, position: pass.last, cache: pass.cache, appends: false, memories: pass.memories)],
      shape: transformer.shape)
    let tape = Tape(forBackward: true)
    transformer.embed([[pass.ids[pass.last]]], batch)
    transformer.forward(batch, tape: tape, adding: (trial.address, values))
    let gradients = transformer.gradients(
      batch, tape: tape, losses: [LossTerm(row: 0, target: pass.target)], lowest: trial.address)
    return gradients[trial.address].array(0)
  }
}
