import Format
import Kernels

extension Configuration {
  /// The rotary positions of a head, by `rope_parameters`, or in the older spelling by `rope_theta` and `rope_scaling`.
  ///
  /// Frequencies that depend on a text's length (dynamic, longrope) are those of texts up to `rotaryPositions`, beyond
  /// which they change.
  ///
  /// - Parameters:
  ///   - layers: the key within `rope_parameters` of this kind of layers, where each kind has its own.
  ///   - baseKey: the older spelling's key of the base.
  ///   - partKey: the older spelling's key of `part`.
  ///   - part: the rotated share of the head's width where the configuration says none.
  ///   - isScaled: whether `rope_scaling` applies.
  /// - Throws: `FormatError` of kind `config`, or `unsupported` for another kind of scaling.
  func rotary(
    width: Int, layers: String? = nil, base: Float = 10000, baseKey: String = "rope_theta",
    partKey: String = "partial_rotary_factor", part: Float = 1, isScaled: Bool = true,
    layout: Rotary.Layout = .halves
  ) throws(FormatError) -> Rotary {
    let parameters = try rotaryParameters(layers, isScaled: isScaled)
    func value(_ key: String, elsewhere other: String, default fallback: Float) throws(FormatError) -> Float {
      guard let parameters else { return try positive(other, default: fallback) }
      return try positive(key, in: parameters, default: positive(other, default: fallback))
    }
    let theta = try value("rope_theta", elsewhere: baseKey, default: base)
    let share = try value("partial_rotary_factor", elsewhere: partKey, default: part)
    let rotated = Int(Double(width) * Double(share))
    let count = (rotated + 1) / 2
    guard share <= 1, count > 0, 2 * count <= width else {
      throw FormatError(
        .config, "\(root.location): \(share == 1 ? "head_dim" : partKey)",
        "a head of width \(width) has no such number of pairs to rotate", got: "\(share == 1 ? Float(width) : share)")
    }
    return Rotary(width: rotated, base: theta, scaling: try scaling(parameters, count: count), layout: layout)
  }

  /// The number of positions that rotary frequencies are implemented for; nil for all.
  func rotaryPositions() throws(FormatError) -> Int? {
    let parameters = try rotaryParameters(nil)
    switch Self.kind(parameters) {
    case "longrope", "su": return Int(try originalPositions(parameters))
    default: return nil
    }
  }

  private func rotaryParameters(_ layers: String?, isScaled: Bool = true) throws(FormatError) -> JSONValue? {
    if let parameters = try object("rope_parameters") {
      guard let layers else { return parameters }
      guard let own = parameters[layers], !own.isNull else { return nil }
      guard own.isObject else {
        throw FormatError(.config, own.location, "wrong value", expected: "an object", got: own.kindDescription)
      }
      return own
    }
    return isScaled ? try object("rope_scaling") : nil
  }

  private static func kind(_ parameters: JSONValue?) -> String? {
    let given = [parameters?["rope_type"], parameters?["type"]].compactMap(\.self).first { !$0.isNull }
    return given.map { $0.string ?? $0.kindDescription }
  }

  private func originalPositions(_ parameters: JSONValue?) throws(FormatError) -> Float {
    let key = "original_max_position_embeddings"
    if let value = root[key], !value.isNull { return try positive(key) }
    return try positive(key, in: parameters, default: positive("max_position_embeddings"))
  }

  private func scaling(_ parameters: JSONValue?, count: Int) throws(FormatError) -> RotaryScaling {
    let kind = Self.kind(parameters) ?? "default"
    func factor() throws(FormatError) -> Float { try positive("factor", in: parameters) }
    switch kind {
    // A dynamic base is the given one up to max_position_embeddings.
    case "default", "dynamic": return .none
    case "linear": return .linear(factor: try factor())
    case "llama3":
      let low = try positive("low_freq_factor", in: parameters)
      let high = try positive("high_freq_factor", in: parameters)
      guard low < high else {
        throw FormatError(
          .config, parameters?.location ?? root.location, "high_freq_factor is not above low_freq_factor",
          expected: "above \(low)", got: "\(high)")
      }
      return .llama3(
        factor: try factor(), lowFrequencyFactor: low, highFrequencyFactor: high,
        originalPositions: try originalPositions(parameters))
    case "yarn": return try yarn(parameters)
    case "longrope", "su":
      let original = try originalPositions(parameters)
      let stretch = try positive("factor", in: parameters, default: positive("max_position_embeddings") / original)
      let derived =
        stretch <= 1 ? 1 : (1 + kernel_f64_log(Double(stretch)) / kernel_f64_log(Double(original))).squareRoot()
      return .divisors(
        try numbers("short_factor", in: parameters, count: count),
        magnitude: try positive("attention_factor", in: parameters, default: Float(derived)))
    default:
      throw FormatError(
        .unsupported, "\(parameters?.location ?? root.location): rope_type",
        "this kind of rotary scaling is not supported",
        expected: "default, linear, dynamic, llama3, yarn or longrope", got: kind)
    }
  }

  private func yarn(_ parameters: JSONValue?) throws(FormatError) -> RotaryScaling {
    let original = try originalPositions(parameters)
    let factor = try positive("factor", in: parameters, default: positive("max_position_embeddings") / original)
    func magnitude(_ scale: Double) -> Double { factor <= 1 ? 1 : 0.1 * scale * kernel_f64_log(Double(factor)) + 1 }
    var derived = magnitude(1)
    if let scale = parameters?["mscale"]?.double, let all = parameters?["mscale_all_dim"]?.double, scale != 0, all != 0
    {
      derived = magnitude(scale) / magnitude(all)
    }
    return .yarn(
      factor: factor, fast: Double(try positive("beta_fast", in: parameters, default: 32)),
      slow: Double(try positive("beta_slow", in: parameters, default: 1)), originalPositions: Double(original),
      truncates: parameters?["truncate"]?.bool ?? true,
      magnitude: try positive("attention_factor", in: parameters, default: Float(derived)))
  }

  private func numbers(_ key: String, in object: JSONValue?, count: Int) throws(FormatError) -> [Float] {
    let values = object?[key].map { $0.elements.compactMap { $0.double.map(Float.init) } } ?? []
    guard values.count == count, values.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw FormatError(
        .config, "\(object?.location ?? root.location): \(key)", "out of range", expected: "\(count) positive numbers",
        got: object?[key]?.kindDescription ?? "nothing")
    }
    return values
  }
}
