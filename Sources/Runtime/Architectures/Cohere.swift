import Format

/// Command R (Cohere 2024) as transformers' `CohereForCausalLM` computes it.
///
///     per block: x += o_proj(attention(rope(q_proj, k_proj), v_proj of ln(x))) + down_proj(silu(gate_proj) · up_proj of ln(x))
///     logits = logit_scale · lm_head(ln(x))
///
/// Norms are layer norms without bias, and rotary pairs adjacent. Some models have a norm of each head's queries and keys,
/// with weights of its own.
enum Cohere: LlamaDescendant {
  static let modelTypes = ["cohere"]
  static let epsilon: (key: String, default: Float) = ("layer_norm_eps", 1e-5)

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let cohere = try given.asCohere()
    let (config, shape) = (cohere.config, cohere.shape)
    let biases = try cohere.biases(inFeedForward: false)
    let rotary = try config.rotary(width: shape.headWidth, base: 500_000, layout: .pairs)
    let hasHeadNorms = try config.flag("use_qk_norm", default: false)
    return try cohere.transformer(tiedByDefault: true, pool: pool) { layer throws(FormatError) in
      var block = try cohere.block(layer, rotary: rotary, biases: biases)
      if hasHeadNorms {
        block.queryNorm = try cohere.norm("layers.\(layer).self_attn.q_norm", heads: shape.heads)
        block.keyNorm = try cohere.norm("layers.\(layer).self_attn.k_norm", heads: shape.keyValueHeads)
      }
      return block
    }
  }
}

/// Command R7B and Command A (Cohere 2025) as transformers' `Cohere2ForCausalLM` computes it: Command R whose layers either
/// have a window and rotary positions, or neither.
enum Cohere2: LlamaDescendant {
  static let modelTypes = ["cohere2"]
  static let epsilon = Cohere.epsilon

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let cohere = try given.asCohere()
    let config = cohere.config
    let biases = try cohere.biases(inFeedForward: false)
    let rotary = try config.rotary(width: cohere.shape.headWidth, layout: .pairs)
    let pattern = try config.count("sliding_window_pattern", default: 4)
    let windows = try cohere.windows(try config.optionalCount("sliding_window", ifAbsent: 4096)) {
      ($0 + 1) % pattern != 0
    }
    return try cohere.transformer(tiedByDefault: true, pool: pool) { layer throws(FormatError) in
      try cohere.block(
        layer, rotary: windows[layer] == nil ? nil : rotary, window: windows[layer], biases: biases)
    }
  }
}

extension LlamaFamily {
  /// The family with what both generations of Command R have.
  fileprivate func asCohere() throws(FormatError) -> LlamaFamily {
    var family = self
    family.norms.kind = .layer
    family.names.feedForwardNorm = names.attentionNorm
    family.isParallel = true
    family.logitScale = try config.positive("logit_scale", default: 0.0625)
    return family
  }

  /// A norm `name.weight` [heads, head width].
  fileprivate func norm(_ name: String, heads: Int) throws(FormatError) -> Norm {
    let matrix = try source.weights(name + ".weight", heads, shape.headWidth)
    let weight = FloatMatrix(heads, shape.headWidth)
    for head in 0..<heads { matrix.read(row: head, into: weight.row(head)) }
    return Norm(
      kind: norms.kind, weight: Array(UnsafeBufferPointer(start: weight.values, count: heads * shape.headWidth)),
      bias: nil, epsilon: norms.epsilon, heads: heads)
  }
}
