import Testing

@testable import Runtime

/// The operations that the report of a rewrite names.
@Suite struct OperationCountTests {
  /// A token takes two operations per weight of the blocks, its logits two per weight of the head.
  @Test(arguments: ["llama-a", "gpt2-a", "gpt_neox-a", "gemma3-a"].map(ModelFixture.init))
  func operationsAreCounted(_ fixture: ModelFixture) throws {
    let model = try fixture.transformer(threads: 2)
    let weights = model.blocks.reduce(0) { total, block in
      let parts =
        block.queryKeyValue.parts + block.feedForwardInput.parts + [block.attentionOutput, block.feedForwardOutput]
      return parts.reduce(total) { $0 + $1.inputs * $1.outputs }
    }
    let before = model.pool.operations
    let batch = model.singleBatch(Array(1...7))
    let tape = Tape(forBackward: true)
    model.forward(batch, tape: tape)
    #expect(model.pool.operations - before == 2 * 7 * weights)
    let forward = model.pool.operations
    _ = model.gradients(batch, tape: tape, losses: [LossTerm(row: 6, target: 1)])
    let head = model.shape.width * model.shape.vocabulary
    // Nothing flows back below the first attention site.
    let first = model.blocks[0].queryKeyValue.parts.reduce(0) { $0 + $1.inputs * $1.outputs }
    #expect(model.pool.operations - forward == 2 * (7 * (weights - first) + 2 * head))
  }
}
