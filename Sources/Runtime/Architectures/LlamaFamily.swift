import Format
import Kernels

/// An architecture that is Llama with a few changes, and has its activation.
protocol LlamaDescendant: Architecture {
  /// The head width where the configuration says none; nil for the residual's width / the number of heads.
  static var headWidth: Int? { get }
  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer
}

extension LlamaDescendant {
  static var headWidth: Int? { nil }

  static func load(
    _ source: TensorSource, _ config: Configuration, pool: WorkerPool
  ) throws(FormatError) -> Transformer {
    _ = try config.require("hidden_act", isOneOf: ["silu"], default: "silu")
    return try load(LlamaFamily(source, config, headWidth: headWidth), pool: pool)
  }
}

/// The parts that Llama's descendants share: names of fields and tensors, and blocks of grouped-query attention and a
/// gated feed-forward.
struct LlamaFamily {
  let source: TensorSource
  let config: Configuration
  var shape: ModelShape
  let epsilon: Float
  /// Added to norms' weights: 1 where the file holds differences from 1.
  var normOffset: Float = 0

  /// The projections that have a bias.
  struct Biases {
    var queryKeyValue = false
    var attentionOutput = false
    var feedForward = false

    static let none = Biases()
  }

  /// - Parameter headWidth: as `LlamaDescendant.headWidth`.
  init(_ source: TensorSource, _ config: Configuration, headWidth fallback: Int? = nil) throws(FormatError) {
    self.source = source
    self.config = config
    epsilon = try config.positive("rms_norm_eps", default: 1e-6)
    let C = try config.count("hidden_size")
    let heads = try config.count("num_attention_heads")
    let keyValueHeads = try config.divisor(
      "num_key_value_heads", of: heads, "num_attention_heads", default: heads)
    var headWidth = try config.optionalCount("head_dim") ?? fallback ?? 0
    if headWidth == 0 { headWidth = C / (try config.divisor("num_attention_heads", of: C, "hidden_size")) }
    shape = ModelShape(
      layers: try config.count("num_hidden_layers", limit: 4096), width: C, heads: heads,
      keyValueHeads: keyValueHeads, headWidth: headWidth, feedForwardWidth: try config.count("intermediate_size"),
      isGated: true, vocabulary: try config.count("vocab_size"),
      positions: try config.count("max_position_embeddings", default: 2048))
    if let known = try config.rotaryPositions() { shape.positions = min(shape.positions, known) }
  }

  /// The biases by the configuration, where one field is for both ends of the attention.
  func biases(inFeedForward: Bool = true) throws(FormatError) -> Biases {
    let attention = try config.flag("attention_bias", default: false)
    return Biases(
      queryKeyValue: attention, attentionOutput: attention,
      feedForward: inFeedForward ? try config.flag("mlp_bias", default: false) : false)
  }

  /// An RMS norm of `name.weight`, as wide as the residual unless a width is given.
  func norm(_ name: String, _ width: Int? = nil) throws(FormatError) -> Norm {
    let weight = try source.vector(name + ".weight", width ?? shape.width)
    return Norm(
      kind: .rms, weight: normOffset == 0 ? weight : weight.map { $0 + normOffset }, bias: nil, epsilon: epsilon)
  }

  /// Adds norms of queries and keys per head.
  func addHeadNorms(_ block: inout Block, layer: Int) throws(FormatError) {
    block.queryNorm = try norm("layers.\(layer).self_attn.q_norm", shape.headWidth)
    block.keyNorm = try norm("layers.\(layer).self_attn.k_norm", shape.headWidth)
  }

  /// A block as Llama has it.
  ///
  /// - Parameter norms: the names of the norms before attention and feed-forward, nil for none.
  func block(
    _ layer: Int, rotary: RotaryHalves?, window: Int? = nil, biases: Biases = .none,
    norms: (attention: String?, feedForward: String?) = ("input_layernorm", "post_attention_layernorm")
  ) throws(FormatError) -> Block {
    func norm(_ name: String?) throws(FormatError) -> Norm? {
      guard let name else { return nil }
      return try self.norm("layers.\(layer).\(name)")
    }
    let (attention, mlp) = ("layers.\(layer).self_attn", "layers.\(layer).mlp")
    let (C, F, Q, K) = (shape.width, shape.feedForwardWidth, shape.queryWidth, shape.keyValueWidth)
    return try block(
      layer, rotary: rotary, window: window, biases: biases,
      attentionNorm: norm(norms.attention),
      queryKeyValue: [
        source.linear("\(attention).q_proj", inputs: C, outputs: Q, bias: biases.queryKeyValue),
        source.linear("\(attention).k_proj", inputs: C, outputs: K, bias: biases.queryKeyValue),
        source.linear("\(attention).v_proj", inputs: C, outputs: K, bias: biases.queryKeyValue),
      ],
      feedForwardNorm: norm(norms.feedForward),
      feedForwardInput: [
        source.linear("\(mlp).gate_proj", inputs: C, outputs: F, bias: biases.feedForward),
        source.linear("\(mlp).up_proj", inputs: C, outputs: F, bias: biases.feedForward),
      ])
  }

  /// A block with the caller's norms and input projections.
  func block(
    _ layer: Int, rotary: RotaryHalves?, window: Int? = nil, biases: Biases = .none, attentionNorm: Norm?,
    queryKeyValue: [Linear], feedForwardNorm: Norm?, feedForwardInput: [Linear]
  ) throws(FormatError) -> Block {
    let (attention, mlp) = ("layers.\(layer).self_attn.o_proj", "layers.\(layer).mlp.down_proj")
    return Block(
      attentionNorm: attentionNorm, queryKeyValue: LinearGroup(queryKeyValue), rotary: rotary, window: window,
      attentionOutput: try source.linear(
        attention, inputs: shape.queryWidth, outputs: shape.width, bias: biases.attentionOutput),
      feedForwardNorm: feedForwardNorm, feedForwardInput: LinearGroup(feedForwardInput),
      feedForwardOutput: try source.linear(
        mlp, inputs: shape.feedForwardWidth, outputs: shape.width, bias: biases.feedForward),
      attentionModule: try source.module(attention), feedForwardModule: try source.module(mlp))
  }

  /// The model around its blocks.
  ///
  /// - Parameter embeddingScale: a factor of embeddings, rounded to their dtype.
  func transformer(
    activation: kernel_activation = kernel_silu, embeddingScale: Float = 1, tiedByDefault: Bool = false,
    pool: WorkerPool, block: (_ layer: Int) throws(FormatError) -> Block
  ) throws(FormatError) -> Transformer {
    var blocks: [Block] = []
    for layer in 0..<shape.layers { blocks.append(try block(layer)) }
    let ends = try VocabularyEnds(source, "embed_tokens", shape: shape, isTied: config.isTied(byDefault: tiedByDefault))
    return Transformer(
      shape: shape, location: source.location, pool: pool, embedding: ends.embedding,
      embeddingScale: ends.embedding.rounded(embeddingScale),
      activation: activation, blocks: blocks, finalNorm: try norm("norm"),
      head: ends.head)
  }

  /// The window of each layer, nil for layers without: those that `layer_types` says, else those for which `isSliding`.
  func windows(
    _ window: Int?, where isSliding: (_ layer: Int) -> Bool = { _ in true }
  ) throws(FormatError) -> [Int?] {
    let sliding = try config.slidingLayers(shape.layers) ?? (0..<shape.layers).map(isSliding)
    return sliding.map { $0 ? window : nil }
  }
}
