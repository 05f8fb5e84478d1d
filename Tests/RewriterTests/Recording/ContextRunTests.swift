import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Contexts that are run together, against whole forward passes and finite differences.
@Suite struct ContextRunTests {
  static func contexts(_ model: LanguageModel) throws -> [Context] {
    let one = try model.encode("The city of Tokyo lies in")
    let two = try model.encode("The city of Tokyo")
    let three = try model.encode("Nepal has hills")
    return [
      Context(
        ids: one, token: 2,
        terms: [
          .init(position: one.count - 1, goal: .token(5), weight: 0.7),
          .init(position: 2, goal: .unchanged, weight: 0.4),
        ], isPositive: true),
      Context(ids: two, token: 2, terms: [.init(position: two.count - 1, goal: .unchanged, weight: 1)]),
      Context(
        ids: three, token: three.count - 1,
        terms: [.init(position: three.count - 1, goal: .token(9), weight: 1.3)]),
    ]
  }

  private static func run(_ contexts: [Context], _ transformer: Transformer) -> ContextRun {
    ContextRun(
      contexts, behind: Beginnings(sites: Set(transformer.shape.addresses), transformer: transformer),
      transformer: transformer)
  }

  /// The gradient of the losses with respect to Δ, for contexts with shared beginnings and divergences.
  @Test(arguments: ["gpt2-a", "llama-a"], Site.allCases)
  func gradientAgreesWithDifferences(_ name: String, _ site: Site) throws {
    let model = try TinyModel.load(name)
    let address = SiteAddress(layer: 1, site: site)
    let contexts = try Self.contexts(model)
    let run = Self.run(contexts, model.transformer)
    let width = model.transformer.shape.width(of: site)
    let strengths: [Float] = [1, 0.5, 0.25]
    let all = Array(contexts.indices)
    func evaluate(_ delta: [Float]) -> (losses: [[Float]], gradient: [Float]) {
      let patched = run.run(all, at: address) { i, activation in
        for d in 0..<width { activation[d] += strengths[i] * delta[d] }
      }
      let (losses, gradients) = ContextRun.gradients(
        patched, weights: [1, 2, 1], lowest: address, transformer: model.transformer)
      var gradient = [Float](repeating: 0, count: width)
      for choice in patched.chosen {
        for d in 0..<width { gradient[d] += strengths[choice.context] * gradients[address].row(choice.row)[d] }
      }
      return (losses, gradient)
    }
    // Without a delta nothing diverges.
    let still = evaluate([Float](repeating: 0, count: width)).losses
    #expect(abs(still[0][1]) < 1e-5 && abs(still[1][0]) < 1e-5 && still[0][0] > 0.1)

    let seed: UInt64 = 11
    let delta = FloatMatrix.random(1, width, seed: seed).array(0)
    let direction = FloatMatrix.random(1, width, seed: seed + 1).array(0)
    let gradient = evaluate(delta).gradient
    let along = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    let step: Float = 2e-3
    func total(_ sign: Float) -> Double {
      evaluate(zip(delta, direction).map { $0 + sign * step * $1 }).losses.joined().reduce(0.0) { $0 + Double($1) }
    }
    let difference = (total(1) - total(-1)) / Double(2 * step)
    #expect(abs(difference - along) < 0.02 * max(1, abs(along)), "seed \(seed): \(difference), \(along)")
  }

  /// A patched context has the logits of a whole forward run with the memory, to the bit.
  @Test(arguments: ["gpt2-a", "llama-b"])
  func patchedContextsEqualWholePasses(_ name: String) throws {
    let model = try TinyModel.load(name)
    let transformer = model.transformer
    let address = SiteAddress(layer: 1, site: .mlp)
    let contexts = try Self.contexts(model)
    let run = Self.run(contexts, transformer)
    let width = transformer.shape.width(of: .mlp)
    let delta = FloatMatrix.random(1, width, seed: 5).array(0)
    // The key is this token's activation, and the region so narrow that it takes in no other.
    let row = MemoryRow(
      module: transformer.module(address), position: 0, targetID: 0, alpha: 1, boundary: 1e-3, hardness: 8,
      key: run.activation(0, address), delta: delta)
    let whole = Continuations(
      of: [contexts[0].ids], count: 1, memories: try MemorySet(rows: [row], for: transformer), model: model)
    let patched = run.run([0], at: address) { _, activation in
      for (d, value) in delta.enumerated() { activation[d] += value }
    }
    let logits = transformer.logits(patched.batch.residual, rows: [patched.batch.rows - 1])
    let values = UnsafeRawBufferPointer(UnsafeBufferPointer(start: logits.row(0), count: logits.width))
    #expect(SHA256.hex(values) == whole.starts[0].digest && !whole.firings[0].isEmpty)
  }

  /// A context that replaces another is run as if it had been there from the start, to the bit.
  @Test(arguments: ["gpt2-a", "llama-a"])
  func replacedContextsEqualNewOnes(_ name: String) throws {
    let model = try TinyModel.load(name)
    let transformer = model.transformer
    let address = SiteAddress(layer: 1, site: .mlp)
    let contexts = try Self.contexts(model)
    let other = Context(Array(contexts[0].ids.prefix(4)), token: 2, target: [7], after: [8, 9, 10], behindWeight: 0.3)
    let replaced = Self.run(contexts, transformer)
    replaced.replace(0, with: other)
    let new = Self.run([other] + contexts.dropFirst(), transformer)
    let delta = FloatMatrix.random(1, transformer.shape.width(of: .mlp), seed: 8).array(0)
    func losses(_ run: ContextRun) -> [[Float]] {
      let patched = run.run(Array(contexts.indices), at: address) { _, activation in
        for (d, value) in delta.enumerated() { activation[d] += value }
      }
      return ContextRun.gradients(
        patched, weights: [1, 1, 1], lowest: address, transformer: transformer
      ).losses
    }
    #expect(losses(replaced) == losses(new))
    #expect(replaced.activations(address).others.rows == new.activations(address).others.rows)
    let base = Continuations(of: [other.ids], count: 1, memories: .none(of: transformer), model: model)
    #expect(replaced.lastChoice(0) == base.ids[0][0])
  }

  @Test func tokensThatContextsShareAreSamplesOnce() throws {
    let model = try TinyModel.load("llama-a")
    let contexts = try Self.contexts(model)
    let run = Self.run(contexts, model.transformer)
    let (own, others) = run.activations(SiteAddress(layer: 0, site: .attn))
    // The first two begin alike up to their token.
    #expect(Array(contexts[0].ids[...2]) == Array(contexts[1].ids[...2]))
    #expect(own.rows == 2)
    let tails = contexts.map { $0.ids.count - $0.token - 1 }.reduce(0, +)
    #expect(others.rows == 2 + contexts[2].token + tails)
  }
}
