import Format

/// A model's tensors, checked against the configuration's shapes.
struct TensorSource {
  let tensors: ModelTensors
  /// Stands before the architecture's names where transformers saves them.
  let prefix: String

  var location: String { tensors.location }

  func has(_ name: String) throws(FormatError) -> Bool { try tensors.find(ByteString(prefix + name)) != nil }

  /// The path of a projection's module, as the file names it.
  func module(_ name: String) throws(FormatError) -> ByteString {
    guard let weight = try tensors.find(ByteString("\(prefix)\(name).weight")) else { return ByteString(prefix + name) }
    return ByteString(Array(weight.name.bytes.dropLast(".weight".utf8.count)))
  }

  private func tensor(_ name: String, shape: [Int]) throws(FormatError) -> Tensor {
    guard let tensor = try tensors.find(ByteString(prefix + name)) else {
      throw FormatError(.missingTensor, location, "tensor \(prefix)\(name) is missing", expected: "shape \(shape)")
    }
    guard tensor.shape == shape else {
      throw FormatError(
        .tensorShape, "\(location): tensor \(tensor.name)", "does not fit the configuration",
        expected: "\(shape)", got: "\(tensor.shape)")
    }
    return tensor
  }

  /// The matrix `name` [rows, columns], with the scales beside it where it is F8.
  func weights(_ name: String, _ rows: Int, _ columns: Int) throws(FormatError) -> Weights {
    let tensor = try tensor(name, shape: [rows, columns])
    guard tensor.dtype == .f8e4m3 else { return try Weights(tensor, location: location) }
    // Two names of the same: in spite of its name the first is a factor too.
    for suffix in ["_scale_inv", "_scale"] {
      guard let scales = try tensors.find(ByteString(prefix + name + suffix)) else { continue }
      return try Weights(
        tensor, scales: WeightScales(scales, of: tensor.shape, location: location), location: location)
    }
    return try Weights(tensor, location: location)
  }

  /// The vector `name` [count] as F32.
  func vector(_ name: String, _ count: Int) throws(FormatError) -> [Float] {
    let tensor = try tensor(name, shape: [count])
    guard let values = tensor.floats() else {
      throw FormatError(
        .unsupported, "\(location): tensor \(tensor.name)", "cannot be read as numbers",
        expected: "F32, F16 or BF16", got: tensor.dtype.rawValue)
    }
    return values
  }

  /// A projection `name.weight` in PyTorch's layout, with `name.bias` where `bias`.
  func linear(_ name: String, inputs: Int, outputs: Int, bias: Bool = false) throws(FormatError) -> Linear {
    Linear(
      weights: try weights(name + ".weight", outputs, inputs), layout: .outputsByInputs,
      bias: bias ? try self.bias(name, outputs) : nil)
  }

  /// A projection `name.weight` in Conv1D's layout with `name.bias`.
  func convolution(_ name: String, inputs: Int, outputs: Int) throws(FormatError) -> Linear {
    Linear(
      weights: try weights(name + ".weight", inputs, outputs), layout: .inputsByOutputs,
      bias: try bias(name, outputs))
  }

  /// The bias [outputs] of a projection; nil with a warning where it is missing, since transformers takes zeros then.
  private func bias(_ name: String, _ outputs: Int) throws(FormatError) -> [Float]? {
    guard try has("\(name).bias") else {
      tensors.noteMissingBias("\(prefix)\(name).bias")
      return nil
    }
    return try vector("\(name).bias", outputs)
  }

  /// The projections of all experts, in one tensor `name` [count, outputs, inputs].
  func experts(_ name: String, count: Int, inputs: Int, outputs: Int) throws(FormatError) -> [LinearGroup] {
    var tensor = try tensor(name, shape: [count, outputs, inputs])
    guard tensor.dtype != .f8e4m3 else {
      throw FormatError(
        .unsupported, "\(location): tensor \(tensor.name)", "not supported in one tensor for all experts",
        expected: "F32, F16, BF16 or F64", got: tensor.dtype.rawValue)
    }
    tensor.shape = [count * outputs, inputs]
    let whole = try Weights(tensor, location: location)
    return (0..<count).map { expert in
      let weights = Weights(whole, rows: (expert * outputs)..<((expert + 1) * outputs))
      return LinearGroup([Linear(weights: weights, layout: .outputsByInputs, bias: nil)])
    }
  }

  /// A layer norm of `name.weight` and `name.bias` [width].
  func layerNorm(_ name: String, _ width: Int, epsilon: Float) throws(FormatError) -> Norm {
    Norm(
      kind: .layer, weight: try vector(name + ".weight", width), bias: try vector(name + ".bias", width),
      epsilon: epsilon)
  }
}
