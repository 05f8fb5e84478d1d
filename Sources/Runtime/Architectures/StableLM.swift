import Format

/// StableLM 2 (Bellagente et al. 2024) and StableLM 3B as transformers' `StableLmForCausalLM` computes them: Llama with layer
/// norms and only a part of each head rotated.
///
/// In some models both halves of a block read the same norm of x, and each head's queries and keys have a norm of their own.
enum StableLM: LlamaDescendant {
  static let modelTypes = ["stablelm"]
  static let epsilon: (key: String, default: Float) = ("layer_norm_eps", 1e-5)

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = given
    let config = family.config
    (family.norms.kind, family.norms.hasBias) = (.layer, true)
    if try config.flag("use_parallel_residual", default: false) {
      family.isParallel = true
      family.names.feedForwardNorm = family.names.attentionNorm
    }
    let (stable, shape) = (family, family.shape)
    let biases = LlamaFamily.Biases(queryKeyValue: try config.flag("use_qkv_bias", default: false))
    let rotary = try config.rotary(width: shape.headWidth, part: 0.25)
    let hasHeadNorms = try config.flag("qk_layernorm", default: false)
    return try stable.transformer(pool: pool) { layer throws(FormatError) in
      var block = try stable.block(layer, rotary: rotary, biases: biases)
      if hasHeadNorms {
        let attention = "layers.\(layer).self_attn"
        block.queryNorm = try stable.headNorms("\(attention).q_layernorm", shape.heads)
        block.keyNorm = try stable.headNorms("\(attention).k_layernorm", shape.keyValueHeads)
      }
      return block
    }
  }
}

extension LlamaFamily {
  /// The norms `name.norms.HEAD.weight` [head width] as one.
  fileprivate func headNorms(_ name: String, _ heads: Int) throws(FormatError) -> Norm {
    var weight: [Float] = []
    for head in 0..<heads { weight += try source.vector("\(name).norms.\(head).weight", shape.headWidth) }
    return Norm(kind: norms.kind, weight: weight, bias: nil, epsilon: norms.epsilon, heads: heads)
  }
}
