import Format
import Kernels
import Runtime

/// Pass 4, from the key prompt alone: the vector that a row adds.
struct Delta {
  private(set) var values: [Float]
  private(set) var trial: PatchTrial
  /// Gradient steps taken; 1 where Δ = −α g alone does it.
  private(set) var steps = 1

  /// Δ = −α g for a trial of the locate pass.
  init(_ trial: PatchTrial, _ run: KeyRun) {
    values = run.gradient(trial.address, token: trial.token).map { -trial.alpha * $0 }
    self.trial = trial
  }

  /// Steps further down the gradient at a + Δ until the target leads safely.
  mutating func refine(_ run: KeyRun, locate: Locate) {
    let a = length(run.activation(trial.address))
    while !locate.isSafe(trial), steps < locate.settings.refineSteps {
      let gradient = patchedGradient(run)
      let g = length(gradient)
      guard g > 0, g.isFinite else { return }
      let candidates = locate.settings.refineGrid.map { step in
        PatchTrial(address: trial.address, token: trial.token, alpha: step * a / g, relativeStep: 0)
      }
      func moved(_ trial: PatchTrial) -> [Float] { zip(values, gradient).map { $0 - trial.alpha * $1 } }
      let tried = Locate.run(candidates, run, token: trial.token, delta: moved)
      guard
        let best = tried.first(where: locate.isSafe) ?? tried.max(by: { $0.margin < $1.margin }),
        best.margin > trial.margin
      else { return }
      values = moved(best)
      trial.logprob = best.logprob
      trial.margin = best.margin
      trial.relativeStep = length(values) / a
      steps += 1
    }
  }

  /// ∂L/∂a' [D] at a' = a + Δ for the last token.
  private func patchedGradient(_ run: KeyRun) -> [Float] {
    let transformer = run.transformer
    let tape = Tape(forBackward: true)
    let batch = transformer.resume([run.resumption(at: trial.address, from: run.last)], tape: tape) { _, activation in
      kernel_add_scaled(activation, values, 1, values.count)
    }
    let gradients = transformer.gradients(
      batch, tape: tape, losses: [LossTerm(row: 0, target: run.target)], lowest: trial.address)
    return gradients[trial.address].array(0)
  }
}
