import Format

extension LlamaFamily {
  /// The fields and tensors of a family's mixtures of experts.
  struct MixtureStyle {
    /// Stands before the names, behind `layers.N.`.
    var prefix = "mlp"
    /// Gate, up and output of an expert, behind `experts.E.`.
    var gate = "gate_proj"
    var up = "up_proj"
    var output = "down_proj"
    var normalizesWeights: Bool
  }

  /// The mixture of experts of a layer, its experts in tensors of their own, or in one for all.
  func mixture(_ layer: Int, _ style: MixtureStyle, of sizes: MixtureShape) throws(FormatError) -> Mixture {
    // A checkpoint with one tensor for all experts has the names of the newer versions of transformers.
    let isFused = try source.has("layers.\(layer).mlp.experts.gate_up_proj")
    let name = "layers.\(layer).\(isFused ? "mlp" : style.prefix)"
    let (C, F) = (shape.width, sizes.width)
    var (inputs, outputs): ([LinearGroup], [LinearGroup]) = ([], [])
    if isFused {
      inputs = try source.experts("\(name).experts.gate_up_proj", count: sizes.experts, inputs: C, outputs: 2 * F)
      outputs = try source.experts("\(name).experts.down_proj", count: sizes.experts, inputs: F, outputs: C)
    } else {
      for expert in 0..<sizes.experts {
        let own = "\(name).experts.\(expert)"
        inputs.append(
          LinearGroup([
            try source.linear("\(own).\(style.gate)", inputs: C, outputs: F),
            try source.linear("\(own).\(style.up)", inputs: C, outputs: F),
          ]))
        outputs.append(LinearGroup([try source.linear("\(own).\(style.output)", inputs: F, outputs: C)]))
      }
    }
    return Mixture(
      router: try source.linear("\(name).gate", inputs: C, outputs: sizes.experts), inputs: inputs, outputs: outputs,
      normalizesWeights: style.normalizesWeights, shared: try sharedExpert(name, width: sizes.sharedWidth))
  }

  private func sharedExpert(_ name: String, width: Int?) throws(FormatError) -> Mixture.SharedExpert? {
    guard let width else { return nil }
    let (C, shared) = (shape.width, "\(name).shared_expert")
    return Mixture.SharedExpert(
      gate: try source.linear("\(name).shared_expert_gate", inputs: C, outputs: 1),
      input: LinearGroup([
        try source.linear("\(shared).gate_proj", inputs: C, outputs: width),
        try source.linear("\(shared).up_proj", inputs: C, outputs: width),
      ]), output: LinearGroup([try source.linear("\(shared).down_proj", inputs: width, outputs: C)]))
  }

  /// The sizes of the mixtures by the configuration.
  ///
  /// - Parameters:
  ///   - widthKey: the field of the width inside an expert.
  ///   - layers: the layers that are mixtures.
  func mixtureShape(
    widthKey: String, sharedWidth: Int? = nil, layers: Set<Int>, chosen: Int
  ) throws(FormatError) -> MixtureShape {
    let experts = try config.count("num_local_experts", "num_experts", limit: 1 << 16)
    let chosen = try config.count("num_experts_per_tok", default: chosen)
    guard chosen <= experts else {
      throw FormatError(
        .config, "\(config.root.location): num_experts_per_tok", "more than there are experts",
        expected: "at most \(experts)", got: "\(chosen)")
    }
    return MixtureShape(
      layers: layers, experts: experts, chosen: chosen, width: try config.count(widthKey), sharedWidth: sharedWidth)
  }

  /// The layers that are mixtures: each `decoder_sparse_step`th but those in `mlp_only_layers`.
  func sparseLayers() throws(FormatError) -> Set<Int> {
    let step = try config.count("decoder_sparse_step", default: 1)
    var dense: [Int] = []
    if let list = config.root["mlp_only_layers"], !list.isNull {
      dense = list.elements.compactMap(\.int)
      guard list.isArray, dense.count == list.count else {
        throw FormatError(
          .config, list.location, "wrong value", expected: "numbers of layers", got: list.kindDescription)
      }
    }
    return Set((0..<shape.layers).filter { ($0 + 1).isMultiple(of: step) }).subtracting(dense)
  }
}
