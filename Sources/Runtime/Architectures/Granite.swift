import Format

/// Granite 3 (Granite Team 2024), dense, as transformers' `GraniteForCausalLM` computes it: Llama with factors of
/// embeddings, scores, what blocks add, and logits.
enum Granite: LlamaDescendant {
  static let modelTypes = ["granite"]

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = given
    let config = family.config
    family.embeddingScale = try config.positive("embedding_multiplier", default: 1)
    family.residualScale = try config.positive("residual_multiplier", default: 1)
    family.shape.scoreScale = try config.positive("attention_multiplier", default: 1)
    family.logitScale = 1 / (try config.positive("logits_scaling", default: 1))
    let granite = family
    let biases = try granite.biases()
    let rotary = try config.rotary(width: granite.shape.headWidth)
    return try granite.transformer(pool: pool) { layer throws(FormatError) in
      try granite.block(layer, rotary: rotary, biases: biases)
    }
  }
}
