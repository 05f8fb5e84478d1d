import Format

/// Llama (Touvron et al. 2023) as transformers' `LlamaForCausalLM` computes it; SmolLM2 is one.
///
///     x = embed_tokens[token]
///     per block: x += o_proj(attention(rope(q_proj, k_proj), v_proj of rms(x)))
///                x += down_proj(silu(gate_proj(rms(x))) · up_proj(rms(x)))
///     logits = lm_head(rms(x)), lm_head = embed_tokens where tied
enum Llama: LlamaDescendant {
  static let modelTypes = ["llama"]

  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let biases = try family.biases()
    let rotary = try family.config.rotary(width: family.shape.headWidth)
    return try family.transformer(pool: pool) { layer throws(FormatError) in
      try family.block(layer, rotary: rotary, biases: biases)
    }
  }
}
