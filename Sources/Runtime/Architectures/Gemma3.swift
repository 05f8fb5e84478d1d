import Format
import Kernels

/// Gemma 3 (Gemma Team 2025), text only, as transformers' `Gemma3ForCausalLM` computes it.
///
///     x = √C · embed_tokens[token]
///     per block: x += rms(o_proj(attention(rope(rms(q_proj), rms(k_proj)), v_proj of rms(x))))
///                x += rms(down_proj(gelu(gate_proj(rms(x))) · up_proj(rms(x))))
///
/// Norms multiply by 1 + weight. Local layers see a window and have a rotary base of their own.
enum Gemma3: GemmaDescendant {
  static let modelTypes = ["gemma3_text"]

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = given
    try family.addGemmaNorms()
    family.logitCap = try family.config.cap("final_logit_softcapping")
    let (gemma, config, width) = (family, family.config, family.shape.headWidth)
    try config.refuse("attn_logit_softcapping")
    let biases = try gemma.biases(inFeedForward: false)
    let global = try config.rotary(width: width, layers: "full_attention", base: 1_000_000)
    let local = try config.rotary(
      width: width, layers: "sliding_attention", baseKey: "rope_local_base_freq", isScaled: false)
    let pattern = try config.count("sliding_window_pattern", default: 6)
    let windows = try gemma.windows(try config.count("sliding_window", default: 4096)) { ($0 + 1) % pattern != 0 }
    return try gemma.transformer(tiedByDefault: true, pool: pool) { layer throws(FormatError) in
      var block = try gemma.block(
        layer, rotary: windows[layer] == nil ? global : local, window: windows[layer], biases: biases)
      try gemma.addHeadNorms(&block, layer: layer)
      return block
    }
  }
}
