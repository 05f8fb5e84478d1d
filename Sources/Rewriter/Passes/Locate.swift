import Format
import Runtime

/// One patch that was tried: Δ = −α g added at one token, site and layer.
public struct PatchTrial: Sendable {
  public var address: SiteAddress
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

/// Where a patch makes the model say the target: pass 2.
///
/// A patch at one layer leaves all below as they were, so every trial joins one growing batch at its own layer, its
/// rows the patched token and those behind it, and shares the cached tokens before.
struct Locate {
  /// ‖Δ‖ / ‖a‖ of the steps tried where α is not pinned.
  static let relativeSteps: [Float] = [0.25, 0.5, 1, 2, 4, 8]
  /// A patch counts as safe when the target leads by this much (nats).
  static let safeMargin: Float = 1

  /// The trials of one token at every allowed site and layer, for every step of the grid (or the pinned α).
  static func trials(_ pass: KeyPass, spec: MemorySpec, token: Int? = nil) -> [PatchTrial] {
    let token = token ?? pass.last
    var trials: [PatchTrial] = []
    for layer in 0..<pass.transformer.shape.layers where spec.layer.value ?? layer == layer {
      for site in Site.allCases where spec.site.value == nil || spec.site.value == site {
        let address = SiteAddress(layer: layer, site: site)
        let (a, g) = (
          length(pass.activation(address, token: token)), length(pass.gradient(address, token: token))
        )
        // A site without gradient or activation has no step to take.
        guard a > 0, g > 0, a.isFinite, g.isFinite else { continue }
        let alphas = spec.alpha.value.map { [Float($0)] } ?? relativeSteps.map { $0 * a / g }
        for alpha in alphas {
          trials.append(
            PatchTrial(
              address: address, token: token, alpha: alpha, relativeStep: alpha * g / a, logprob: -.infinity,
              margin: -.infinity))
        }
      }
    }
    let limit = max(1, 2048 / (pass.ids.count - token))
    var result: [PatchTrial] = []
    for first in stride(from: 0, to: trials.count, by: limit) {
      result += run(Array(trials[first..<min(first + limit, trials.count)]), pass, token: token) { trial in
        pass.gradient(trial.address, token: token).map { -trial.alpha * $0 }
      }
    }
    return result
  }

  /// - Parameters:
  ///   - trials: in the order of their addresses.
  ///   - delta: what a trial adds to the activation (D).
  static func run(
    _ trials: [PatchTrial], _ pass: KeyPass, token: Int, delta: (PatchTrial) -> [Float]
  ) -> [PatchTrial] {
    let transformer = pass.transformer
    let count = pass.ids.count - token
    let batch = Batch([], shape: transformer.shape, capacity: trials.count * count)
    let none = MemorySet.none(of: transformer)
    var next = 0
    func join(_ address: SiteAddress) {
      let layer = pass.tape[address.layer]
      let residual = address.site == .attn ? layer.residual : layer.middle
      let site = layer.site(address.site)
      while next < trials.count, trials[next].address == address {
        let rows = batch.rows..<(batch.rows + count)
        batch.append(.init(rows: rows, position: token, cache: pass.cache, appends: false, memories: none))
        for (i, row) in rows.enumerated() {
          batch.residual.row(row).update(from: residual.row(token + i), count: residual.width)
          batch.site(address.site).row(row).update(from: site.row(token + i), count: site.width)
          pass.memories[address]?.apply(batch.site(address.site).row(row))
        }
        let patched = batch.site(address.site).row(rows.lowerBound)
        for (d, value) in delta(trials[next]).enumerated() { patched[d] += value }
        next += 1
      }
    }
    for layer in (trials.first?.address.layer ?? 0)..<transformer.shape.layers {
      if batch.rows > 0 { transformer.attend(batch, layer: layer) }
      join(SiteAddress(layer: layer, site: .attn))
      if batch.rows > 0 {
        transformer.projectAttention(batch, layer: layer)
        transformer.expand(batch, layer: layer)
      }
      join(SiteAddress(layer: layer, site: .mlp))
      if batch.rows > 0 { transformer.contract(batch, layer: layer) }
    }
    return score(trials, batch, count: count, target: pass.target, transformer)
  }

  private static func score(
    _ trials: [PatchTrial], _ batch: Batch, count: Int, target: Int, _ transformer: Transformer
  ) -> [PatchTrial] {
    var result = trials
    for first in stride(from: 0, to: trials.count, by: 256) {
      let part = first..<min(first + 256, trials.count)
      let logits = transformer.logits(batch.residual, rows: part.map { ($0 + 1) * count - 1 })
      for i in part {
        let best = LanguageModel.likeliest(logits, row: i - first, count: 2)
        let normalizer = best[0].logprob - logits.row(i - first)[best[0].id]
        result[i].logprob = logits.row(i - first)[target] + normalizer
        let other = best.first { $0.id != target }?.logprob ?? -.infinity
        result[i].margin = result[i].logprob - other
      }
    }
    return result
  }

  /// The smallest step at each address that reaches the target safely; where none does, the one that leads by most.
  static func best(_ trials: [PatchTrial]) -> [PatchTrial] {
    let byAddress = Dictionary(grouping: trials, by: \.address)
    return byAddress.sorted { $0.key < $1.key }.compactMap { _, steps in
      let ordered = steps.sorted { $0.alpha < $1.alpha }
      return ordered.first { $0.margin >= safeMargin } ?? ordered.max { $0.margin < $1.margin }
    }
  }
}
