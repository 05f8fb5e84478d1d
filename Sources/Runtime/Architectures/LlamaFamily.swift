import Format
import Kernels

/// An architecture that is Llama with a few changes.
protocol LlamaDescendant: Architecture {
  /// The head width where the configuration says none; nil for the residual's width / the number of heads.
  static var headWidth: Int? { get }
  /// The field for what norms add to the variance, and its default.
  static var epsilon: (key: String, default: Float) { get }
  /// The activation where the configuration names none.
  static var activation: String { get }
  static var activations: Activations { get }
  static func load(_ family: LlamaFamily, pool: WorkerPool) throws(FormatError) -> Transformer
}

extension LlamaDescendant {
  static var headWidth: Int? { nil }
  static var epsilon: (key: String, default: Float) { ("rms_norm_eps", 1e-6) }
  static var activation: String { "silu" }
  static var activations: Activations { .all }

  static func load(
    _ source: TensorSource, _ config: Configuration, pool: WorkerPool
  ) throws(FormatError) -> Transformer {
    try load(LlamaFamily(source, config, of: Self.self), pool: pool)
  }
}

/// The parts that Llama's descendants share: names of fields and tensors, and blocks of grouped-query attention and a
/// feed-forward.
struct LlamaFamily {
  let source: TensorSource
  let config: Configuration
  var shape: ModelShape
  var activation: kernel_activation
  var norms: NormStyle
  var names = Names()
  /// Whether both halves of a block read the same x.
  var isParallel = false
  /// Factors of the embeddings, of what blocks add to the residual, and of the logits.
  var embeddingScale: Float = 1
  /// Whether the factor of the embeddings is rounded as they are, with which it is multiplied in their dtype.
  var roundsEmbeddingScale = false
  var residualScale: Float = 1
  var logitScale: Float = 1
  /// c where logits are capped softly, to c tanh(logit / c).
  var logitCap: Float?
  /// Whether the projection to the vocabulary has a bias.
  var hasHeadBias = false

  /// The kind of all norms but those of heads.
  struct NormStyle {
    var kind = Norm.Kind.rms
    var hasWeight = true
    var hasBias = false
    /// Added to weights: 1 where the file holds differences from 1.
    var offset: Float = 0
    var epsilon: Float
  }

  /// The names of tensors: of a block's behind `layers.N.`, without `.weight` and `.bias`.
  struct Names {
    /// One name for a tensor of all three.
    var queryKeyValue = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]
    var attentionOutput = "self_attn.o_proj"
    var feedForwardInput = ["mlp.gate_proj", "mlp.up_proj"]
    var feedForwardOutput = "mlp.down_proj"
    /// nil where there is no such norm.
    var attentionNorm: String? = "input_layernorm"
    var attentionOutputNorm: String?
    var feedForwardNorm: String? = "post_attention_layernorm"
    var feedForwardOutputNorm: String?
    var finalNorm = "norm"
  }

  /// The projections that have a bias.
  struct Biases {
    var queryKeyValue = false
    var attentionOutput = false
    var feedForward = false

    static let none = Biases()
    static let all = Biases(queryKeyValue: true, attentionOutput: true, feedForward: true)
  }

  init(
    _ source: TensorSource, _ config: Configuration, of descendant: any LlamaDescendant.Type
  ) throws(FormatError) {
    self.source = source
    self.config = config
    let isGemma = config.root["hidden_activation"].map { !$0.isNull } ?? false
    activation = try config.activation(
      isGemma ? "hidden_activation" : "hidden_act", default: descendant.activation, among: descendant.activations)
    norms = NormStyle(epsilon: try config.positive(descendant.epsilon.key, default: descendant.epsilon.default))
    shape = try Self.shape(config, headWidth: descendant.headWidth)
  }

  private static func shape(_ config: Configuration, headWidth fallback: Int?) throws(FormatError) -> ModelShape {
    let C = try config.count("hidden_size")
    let heads = try config.count("num_attention_heads")
    let keyValueHeads = try config.divisor(
      "num_key_value_heads", of: heads, "num_attention_heads", default: heads)
    var headWidth = try config.optionalCount("head_dim") ?? fallback ?? 0
    if headWidth == 0 { headWidth = C / (try config.divisor("num_attention_heads", of: C, "hidden_size")) }
    var shape = ModelShape(
      layers: try config.count("num_hidden_layers", limit: 4096), width: C, heads: heads,
      keyValueHeads: keyValueHeads, headWidth: headWidth, feedForwardWidth: try config.count("intermediate_size"),
      isGated: true, vocabulary: try config.count("vocab_size"),
      positions: try config.count("max_position_embeddings", default: 2048))
    if let known = try config.rotaryPositions() { shape.positions = min(shape.positions, known) }
    return shape
  }

  /// The biases by the configuration, where one field is for both ends of the attention.
  func biases(inFeedForward: Bool = true) throws(FormatError) -> Biases {
    let attention = try config.flag("attention_bias", default: false)
    return Biases(
      queryKeyValue: attention, attentionOutput: attention,
      feedForward: inFeedForward ? try config.flag("mlp_bias", default: false) : false)
  }

  /// A norm `name.weight`, as wide as the residual unless a width is given.
  func norm(_ name: String, _ width: Int? = nil) throws(FormatError) -> Norm {
    let width = width ?? shape.width
    let weight =
      norms.hasWeight ? try source.vector(name + ".weight", width) : [Float](repeating: 1, count: width)
    return Norm(
      kind: norms.kind, weight: norms.offset == 0 ? weight : weight.map { $0 + norms.offset },
      bias: norms.hasBias ? try source.vector(name + ".bias", width) : nil, epsilon: norms.epsilon)
  }

  /// Adds norms of queries and keys per head.
  func addHeadNorms(_ block: inout Block, layer: Int) throws(FormatError) {
    block.queryNorm = try norm("layers.\(layer).self_attn.q_norm", shape.headWidth)
    block.keyNorm = try norm("layers.\(layer).self_attn.k_norm", shape.headWidth)
  }

  /// Adds norms over all queries and over all keys.
  func addWholeNorms(_ block: inout Block, layer: Int) throws(FormatError) {
    block.queryNorm = try norm("layers.\(layer).self_attn.q_norm", shape.queryWidth)
    block.keyNorm = try norm("layers.\(layer).self_attn.k_norm", shape.keyValueWidth)
  }

  /// A block, with the family's names.
  ///
  /// - Parameter mixture: the block's mixture of experts; nil for a dense feed-forward.
  func block(
    _ layer: Int, rotary: Rotary?, window: Int? = nil, biases: Biases = .none, mixture: Mixture? = nil
  ) throws(FormatError) -> Block {
    func norm(_ name: String?) throws(FormatError) -> Norm? {
      guard let name else { return nil }
      return try self.norm("layers.\(layer).\(name)")
    }
    let output = "layers.\(layer).\(names.attentionOutput)"
    let feedForward: Block.FeedForward
    if let mixture { feedForward = .mixture(mixture) } else { feedForward = try dense(layer, bias: biases.feedForward) }
    let widths =
      names.queryKeyValue.count == 1
      ? [shape.queryKeyValueWidth] : [shape.queryWidth, shape.keyValueWidth, shape.keyValueWidth]
    return Block(
      attentionNorm: try norm(names.attentionNorm),
      queryKeyValue: try projections(layer, names.queryKeyValue, widths, bias: biases.queryKeyValue), rotary: rotary,
      window: window,
      attentionOutput: try source.linear(
        output, inputs: shape.queryWidth, outputs: shape.width, bias: biases.attentionOutput),
      attentionOutputNorm: try norm(names.attentionOutputNorm), feedForwardNorm: try norm(names.feedForwardNorm),
      isParallel: isParallel, feedForward: feedForward,
      feedForwardOutputNorm: try norm(names.feedForwardOutputNorm), residualScale: residualScale,
      attentionModule: try source.module(output))
  }

  private func projections(
    _ layer: Int, _ names: [String], _ widths: [Int], bias: Bool
  ) throws(FormatError) -> LinearGroup {
    var parts: [Linear] = []
    for (name, width) in zip(names, widths) {
      parts.append(try source.linear("layers.\(layer).\(name)", inputs: shape.width, outputs: width, bias: bias))
    }
    return LinearGroup(parts)
  }

  private func dense(_ layer: Int, bias: Bool) throws(FormatError) -> Block.FeedForward {
    let (output, parts) = ("layers.\(layer).\(names.feedForwardOutput)", names.feedForwardInput)
    return .dense(
      input: try projections(layer, parts, parts.map { _ in shape.hiddenWidth / parts.count }, bias: bias),
      output: try source.linear(output, inputs: shape.feedForwardWidth, outputs: shape.width, bias: bias),
      module: try source.module(output))
  }

  /// The model around its blocks.
  func transformer(
    tiedByDefault: Bool = false, pool: WorkerPool, block: (_ layer: Int) throws(FormatError) -> Block
  ) throws(FormatError) -> Transformer {
    var blocks: [Block] = []
    for layer in 0..<shape.layers { blocks.append(try block(layer)) }
    let ends = try VocabularyEnds(source, "embed_tokens", shape: shape, isTied: config.isTied(byDefault: tiedByDefault))
    return Transformer(
      shape: shape, location: source.location, pool: pool, embedding: ends.embedding,
      embeddingScale: roundsEmbeddingScale ? ends.embedding.rounded(embeddingScale) : embeddingScale,

      activation: activation, blocks: blocks, finalNorm: try scaledFinalNorm(),
      head: try head(ends), logitCap: logitCap)
  }

  /// The last norm, times the factor of the logits.
  private func scaledFinalNorm() throws(FormatError) -> Norm {
    let norm = try norm(names.finalNorm)
    guard logitScale != 1 else { return norm }
    return Norm(
      kind: norm.kind, weight: norm.weight.map { $0 * logitScale }, bias: norm.bias?.map { $0 * logitScale },
      epsilon: norm.epsilon)
  }

  private func head(_ ends: VocabularyEnds) throws(FormatError) -> Linear {
    guard hasHeadBias else { return ends.head }
    let bias = try TensorSource(tensors: source.tensors, prefix: "").vector("lm_head.bias", shape.vocabulary)
    return Linear(weights: ends.head.weights, layout: ends.head.layout, bias: bias)
  }

  /// The window of each layer, nil for layers without: those that `layer_types` says, else those for which `isSliding`.
  func windows(
    _ window: Int?, where isSliding: (_ layer: Int) -> Bool = { _ in true }
  ) throws(FormatError) -> [Int?] {
    let sliding = try config.slidingLayers(shape.layers) ?? (0..<shape.layers).map(isSliding)
    return sliding.map { $0 ? window : nil }
  }
}
