import Format
import Runtime

/// One patch that was tried: Δ = −α g added at one token, site and layer.
public struct PatchTrial: Sendable {
  public var address: SiteAddress
  /// From 0 at the key prompt's first token.
  public var token: Int
  public var alpha: Float
  /// ‖Δ‖ / ‖a‖.
  public var relativeStep: Float
  /// log p(target) after the patch.
  public var logprob: Float
  /// log p(target) − log p(the likeliest other token).
  public var margin: Float

  /// Whether the target is the next token.
  public var reaches: Bool { margin > 0 }
}

/// Pass 2: the sites, layers and tokens at which a patch makes the model say the target.
struct Locate {
  let settings: CompilerSettings

  /// Rows of a batch at most.
  private static let rowLimit = 2048

  /// The trials of one token at every allowed site and layer, for every step of the grid (or the pinned α).
  ///
  /// - Parameter token: nil for the last.
  func trials(_ run: KeyRun, spec: MemorySpec, token: Int? = nil) -> [PatchTrial] {
    let token = token ?? run.last
    let steps = steps(run, spec: spec, token: token)
    let limit = max(1, Self.rowLimit / (run.ids.count - token))
    var result: [PatchTrial] = []
    for first in stride(from: 0, to: steps.count, by: limit) {
      let part = Array(steps[first..<min(first + limit, steps.count)])
      result += Self.run(part, run, token: token) { trial in
        run.gradient(trial.address, token: token).map { -trial.alpha * $0 }
      }
    }
    return result
  }

  /// The token × layer map: the trials of every token of the key prompt at every site and layer.
  func map(_ probe: Probe, model: LanguageModel) -> [PatchTrial] {
    let run = KeyRun(probe.keyIDs, target: probe.targetIDs[0], transformer: model.transformer)
    return probe.keyIDs.indices.flatMap { trials(run, spec: probe.spec, token: $0) }
  }

  /// The trials to run, without results, in the order of their addresses.
  private func steps(_ run: KeyRun, spec: MemorySpec, token: Int) -> [PatchTrial] {
    var steps: [PatchTrial] = []
    for address in run.transformer.shape.addresses
    where spec.layer.value ?? address.layer == address.layer && spec.site.value ?? address.site == address.site {
      let (a, g) = (
        length(run.activation(address, token: token)), length(run.gradient(address, token: token))
      )
      // A site without gradient or activation has no step to take.
      guard a > 0, g > 0, a.isFinite, g.isFinite else { continue }
      let alphas = spec.alpha.value.map { [Float($0)] } ?? settings.stepGrid.map { $0 * a / g }
      steps += alphas.map { PatchTrial(address: address, token: token, alpha: $0, relativeStep: $0 * g / a) }
    }
    return steps
  }

  /// Runs trials on from their sites.
  ///
  /// - Parameters:
  ///   - trials: in the order of their addresses.
  ///   - delta: the vector [D] that a trial adds to the activation.
  static func run(
    _ trials: [PatchTrial], _ run: KeyRun, token: Int, delta: (PatchTrial) -> [Float]
  ) -> [PatchTrial] {
    let transformer = run.transformer
    let batch = transformer.resume(trials.map { run.resumption(at: $0.address, from: token) }) { i, activation in
      for (d, value) in delta(trials[i]).enumerated() { activation[d] += value }
    }
    var result = trials
    for first in stride(from: 0, to: trials.count, by: 256) {
      let part = first..<min(first + 256, trials.count)
      let logits = transformer.logits(batch.residual, rows: part.map { batch.sequences[$0].rows.upperBound - 1 })
      for i in part { result[i].score(logits, row: i - first, target: run.target) }
    }
    return result
  }

  /// The smallest step at each address that reaches the target safely; where none does, the one that leads by most.
  func best(_ trials: [PatchTrial]) -> [PatchTrial] {
    let byAddress = Dictionary(grouping: trials, by: \.address)
    return byAddress.sorted { $0.key < $1.key }.compactMap { _, steps in
      let ordered = steps.sorted { $0.alpha < $1.alpha }
      return ordered.first(where: isSafe) ?? ordered.max { $0.margin < $1.margin }
    }
  }

  /// Whether the target leads by enough.
  func isSafe(_ trial: PatchTrial) -> Bool { trial.margin >= settings.safeMargin }
}

extension PatchTrial {
  /// A trial that has not been run.
  init(address: SiteAddress, token: Int, alpha: Float, relativeStep: Float) {
    self.init(
      address: address, token: token, alpha: alpha, relativeStep: relativeStep, logprob: -.infinity,
      margin: -.infinity)
  }

  fileprivate mutating func score(_ logits: FloatMatrix, row: Int, target: Int) {
    let best = LanguageModel.likeliest(logits, row: row, count: 2)
    let normalizer = best[0].logprob - logits.row(row)[best[0].id]
    logprob = logits.row(row)[target] + normalizer
    margin = logprob - (best.first { $0.id != target }?.logprob ?? -.infinity)
  }
}
