import Format
import Kernels

/// Gemma (Gemma Team 2024) as transformers' `GemmaForCausalLM` computes it: Llama with embeddings times √C, GELU, and norms
/// that multiply by 1 + weight.
enum Gemma: GemmaDescendant {
  static let modelTypes = ["gemma"]
  /// The first files say `gelu` and mean its tanh form.
  static let activations = Activations.all.merging(["gelu": kernel_gelu_tanh]) { $1 }

  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer {
    let biases = try family.biases(inFeedForward: false)
    let rotary = try family.config.rotary(width: family.shape.headWidth)
    return try family.transformer(tiedByDefault: true, pool: pool) { layer throws(FormatError) in
      try family.block(layer, rotary: rotary, biases: biases)
    }
  }
}

/// A generation of Gemma.
protocol GemmaDescendant: LlamaDescendant {}

extension GemmaDescendant {
  static var headWidth: Int? { 256 }

  static var activation: String { "gelu_pytorch_tanh" }

  static func load(
    _ source: TensorSource, _ config: Configuration, pool: WorkerPool
  ) throws(FormatError) -> Transformer {
    try config.refuse("use_bidirectional_attention")
    var family = try LlamaFamily(source, config, of: self)
    family.norms.offset = 1
    family.embeddingScale = Float(family.shape.width).squareRoot()
    family.roundsEmbeddingScale = true
    return try load(family, pool: pool)
  }
}

extension LlamaFamily {
  /// The norms of the second generation on, before and behind attention and feed-forward, and its factor of scores.
  mutating func addGemmaNorms() throws(FormatError) {
    names.attentionOutputNorm = "post_attention_layernorm"
    names.feedForwardNorm = "pre_feedforward_layernorm"
    names.feedForwardOutputNorm = "post_feedforward_layernorm"
    shape.scoreScale = 1 / (try config.positive("query_pre_attn_scalar", default: 256)).squareRoot()
  }
}
