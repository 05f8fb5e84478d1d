import Format
import Kernels

/// Phi-1, 1.5 and 2 (Gunasekar et al. 2023) as transformers' `PhiForCausalLM` computes it.
///
///     per block: x += dense(attention(rope(q_proj, k_proj), v_proj of ln(x))) + fc2(gelu(fc1(ln(x))))
///     logits = lm_head(ln(x)), with a bias
///
/// Both halves of a block read the same norm of x. A part of each head is rotated.
enum Phi: LlamaDescendant {
  static let modelTypes = ["phi"]
  static let epsilon: (key: String, default: Float) = ("layer_norm_eps", 1e-5)
  static let activation = "gelu_new"

  static func load(_ given: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    var family = given
    (family.norms.kind, family.norms.hasBias) = (.layer, true)
    family.names.attentionOutput = "self_attn.dense"
    family.names.feedForwardInput = ["mlp.fc1"]
    family.names.feedForwardOutput = "mlp.fc2"
    family.names.feedForwardNorm = family.names.attentionNorm
    family.names.finalNorm = "final_layernorm"
    (family.shape.isGated, family.isParallel, family.hasHeadBias) = (false, true, true)
    let (phi, config, width) = (family, family.config, family.shape.headWidth)
    let rotary = try config.rotary(width: width, part: 0.5)
    let hasHeadNorms = try config.flag("qk_layernorm", default: false)
    return try phi.transformer(pool: pool) { layer throws(FormatError) in
      var block = try phi.block(layer, rotary: rotary, biases: .all)
      if hasHeadNorms {
        block.queryNorm = try phi.norm("layers.\(layer).self_attn.q_layernorm", width)
        block.keyNorm = try phi.norm("layers.\(layer).self_attn.k_layernorm", width)
      }
      return block
    }
  }
}
