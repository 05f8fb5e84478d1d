/// The keys that shape a model with grouped-query attention.
struct GGUFHyperparameters {
  /// llama.cpp's name of the architecture, which the keys begin with.
  let name: String
  let layers, hidden, inner, heads, keyValueHeads, headSize, positions: Int
  /// The number of elements of a head that are rotated.
  let rotated: Int
  let epsilon, ropeBase: Float

  init(_ container: GGUFContainer, _ name: String) throws(FormatError) {
    self.name = name
    layers = try container.requiredDimension("\(name).block_count")
    hidden = try container.requiredDimension("\(name).embedding_length")
    inner = try container.requiredDimension("\(name).feed_forward_length")
    positions = try container.requiredDimension("\(name).context_length")
    heads = try container.requiredDimension("\(name).attention.head_count")
    keyValueHeads = try container.dimension("\(name).attention.head_count_kv") ?? heads
    guard heads % keyValueHeads == 0 else {
      throw FormatError(
        .gguf, "\(container.location): \(name).attention.head_count_kv", "does not divide the \(heads) heads",
        got: "\(keyValueHeads)")
    }
    (headSize, rotated) = try Self.headSize(container, name, hidden: hidden, heads: heads)
    let epsilonKey = "\(name).attention.layer_norm_rms_epsilon"
    guard let epsilon = try container.positive(epsilonKey) else { throw container.missing(epsilonKey) }
    self.epsilon = epsilon
    ropeBase = try container.positive("\(name).rope.freq_base") ?? 10000
  }

  /// The size of a head, for keys and values alike, and the number of its elements that are rotated; both are even.
  private static func headSize(
    _ container: GGUFContainer, _ name: String, hidden: Int, heads: Int
  ) throws(FormatError) -> (size: Int, rotated: Int) {
    let rotatedKey = "\(name).rope.dimension_count"
    let rotated = try container.dimension(rotatedKey)
    guard
      let size = try container.dimension("\(name).attention.key_length")
        ?? (hidden % heads == 0 ? hidden / heads : rotated)
    else {
      throw FormatError(
        .gguf, "\(container.location): \(name).attention.head_count",
        "does not divide the embedding length \(hidden)", got: "\(heads)")
    }
    guard size % 2 == 0 else {
      throw FormatError(.gguf, container.location, "the size of a head is odd", got: "\(size)")
    }
    if let rotated, rotated % 2 != 0 || rotated > size {
      throw FormatError(
        .gguf, "\(container.location): \(rotatedKey)", "the value is out of range",
        expected: "an even number up to \(size)",
        got: "\(rotated)")
    }
    let valueKey = "\(name).attention.value_length"
    if let other = try container.dimension(valueKey), other != size {
      throw FormatError(
        .gguf, "\(container.location): \(valueKey)", "differs from the size of a head", expected: "\(size)",
        got: "\(other)")
    }
    return (size, rotated ?? size)
  }
}

extension GGUFHyperparameters {
  /// The field `rope_scaling` of config.json; nil where frequencies are not scaled. Takes tensors of factors from `table`.
  func ropeScaling(_ table: inout GGUFTensorTable) throws(FormatError) -> JSONNode? {
    let container = table.container
    let key = "\(name).rope.scaling"
    let original = try container.dimensionUnlessZero("\(key).original_context_length")
    if table.has("rope_factors_short.weight") || table.has("rope_freqs.weight") {
      // Llama 3's factors come as one tensor, which serves as the list for short and for long texts.
      let (short, long) =
        table.has("rope_freqs.weight")
        ? ("rope_freqs.weight", "rope_freqs.weight") : ("rope_factors_short.weight", "rope_factors_long.weight")
      let (shortFactors, longFactors) = (try factors(short, &table), try factors(long, &table))
      return [
        "rope_type": "longrope", "short_factor": shortFactors, "long_factor": longFactors,
        "attention_factor": .float(try container.positive("\(key).attn_factor") ?? 1),
        "original_max_position_embeddings": .int(original ?? positions),
      ]
    }
    var factor = try container.positiveUnlessZero("\(key).factor")
    if factor == nil { factor = try container.positiveUnlessZero("\(name).rope.scale_linear") }
    let type = try container.string("\(key).type")
    switch type {
    case nil, "none", "linear", "yarn":
      guard let factor, factor != 1, type != "none" else { return nil }
      return type == "yarn"
        ? try yarn(factor, container, original: original) : ["rope_type": "linear", "factor": .float(factor)]
    case let other?:
      throw FormatError(
        .gguf, "\(container.location): \(key).type", "the scaling of positions is not supported",
        expected: "none, linear, yarn, or tensors of factors", got: other)
    }
  }

  private func yarn(
    _ factor: Float, _ container: GGUFContainer, original: Int?
  ) throws(FormatError) -> JSONNode {
    let key = "\(name).rope.scaling"
    // llama.cpp's own factors of what transformers computes.
    for name in ["attn_factor", "yarn_attn_factor", "yarn_ext_factor"] {
      guard let value = try container.positiveUnlessZero("\(key).\(name)"), value != 1 else { continue }
      throw FormatError(
        .gguf, "\(container.location): \(key).\(name)", "not supported", expected: "1", got: "\(value)")
    }
    var members: [(String, JSONNode)] = [
      ("rope_type", "yarn"), ("factor", .float(factor)),
      ("original_max_position_embeddings", .int(original ?? positions)),
    ]
    for bound in ["fast", "slow"] {
      guard let beta = try container.positive("\(key).yarn_beta_\(bound)") else { continue }
      members.append(("beta_\(bound)", .float(beta)))
    }
    return .object(members)
  }

  private func factors(_ tensor: String, _ table: inout GGUFTensorTable) throws(FormatError) -> JSONNode {
    let values = try table.takeFloats(tensor)
    guard values.count == rotated / 2, values.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw FormatError(
        .gguf, "\(table.container.location): tensor \(tensor)", "out of range",
        expected: "\(rotated / 2) positive numbers", got: "\(values.count)")
    }
    return .array(values.map { .float($0) })
  }
}
