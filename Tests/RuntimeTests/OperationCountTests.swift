import Testing

@testable import Runtime

/// The operations that the report of a rewrite names.
@Suite struct OperationCountTests {
  /// A token takes two operations per weight of the blocks, its logits two per weight of the head.
  @Test(arguments: ["llama-a", "gpt2-a", "gpt_neox-a", "gemma3-a", "qwen2_moe-a", "mixtral-b"].map(ModelFixture.init))
  func operationsAreCounted(_ fixture: ModelFixture) throws {
    let model = try fixture.transformer(threads: 2)
    let weights = model.blocks.reduce(0) { total, block in
      total + Self.size(block.queryKeyValue.parts + [block.attentionOutput]) + Self.size(block, model.shape)
    }
    let before = model.pool.operations
    let batch = model.singleBatch(Array(1...7))
    let tape = Tape(forBackward: true)
    model.forward(batch, tape: tape)
    #expect(model.pool.operations - before == 2 * 7 * weights)
    let forward = model.pool.operations
    _ = model.gradients(batch, tape: tape, losses: [LossTerm(row: 6, target: 1)])
    let head = model.shape.width * model.shape.vocabulary
    // Nothing flows back below the first attention site; the experts' gate and up are computed again.
    let first = Self.size(model.blocks[0].queryKeyValue.parts)
    let again = model.blocks.reduce(0) { total, block in
      if case .mixture(let mixture) = block.feedForward { total + Self.inputSize(mixture, model.shape) } else { total }
    }
    #expect(model.pool.operations - forward == 2 * (7 * (weights - first + again) + 2 * head))
  }

  private static func size(_ parts: [Linear]) -> Int { parts.reduce(0) { $0 + $1.inputs * $1.outputs } }

  /// The weights of the feed-forward that a token goes through.
  private static func size(_ block: Block, _ shape: ModelShape) -> Int {
    switch block.feedForward {
    case .dense(let input, let output, _): size(input.parts + [output])
    case .mixture(let mixture):
      inputSize(mixture, shape) + (shape.mixture?.chosen ?? 0) * size(mixture.outputs[0].parts)
        + size(mixture.shared?.output.parts ?? [])
    }
  }

  private static func inputSize(_ mixture: Mixture, _ shape: ModelShape) -> Int {
    let shared = mixture.shared.map { $0.input.parts + [$0.gate] } ?? []
    return size([mixture.router] + shared) + (shape.mixture?.chosen ?? 0) * size(mixture.inputs[0].parts)
  }
}
