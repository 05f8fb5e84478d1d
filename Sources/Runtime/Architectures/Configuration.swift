import Format

/// Typed access to `config.json`, each error naming the field.
struct Configuration {
  /// The fields of the model; of one that reads more than text, those of its text part.
  private(set) var root: JSONValue
  /// All fields, where `root` is a part of them.
  private var whole: JSONValue?

  init(_ checkpoint: Checkpoint) throws(FormatError) {
    guard let bytes = checkpoint.companion(.config) else {
      throw FormatError(
        .config, checkpoint.path, "no config.json inside the file or beside it",
        expected: "a Hugging Face config.json")
    }
    root = try JSONDocument(bytes, location: checkpoint.location(of: .config)).root
    guard root.isObject else {
      throw FormatError(.config, root.location, "not an object", got: root.kindDescription)
    }
  }

  /// The fields of the text part, `text_config`; nil where there is none.
  func textPart() throws(FormatError) -> Configuration? {
    guard let part = try object("text_config") else { return nil }
    var result = self
    (result.root, result.whole) = (part, root)
    return result
  }

  /// The fields as a configuration of the text model alone has them, and whether it is a part of a larger one.
  var published: (fields: [(String, JSONNode)], isPart: Bool) {
    func fields(_ value: JSONValue) -> [(String, JSONNode)] {
      value.members.map { ($0.key.description, JSONNode($0.value)) }
    }
    guard let whole else { return (fields(root), false) }
    // Of what the whole says for its parts too, it has the last word on ties, the part on the rest.
    let shared = fields(whole).filter { ["tie_word_embeddings", "dtype", "torch_dtype"].contains($0.0) }
    let part = fields(root).filter { $0.0 != "tie_word_embeddings" || whole["tie_word_embeddings"] == nil }
    return (part + shared.filter { field in !part.contains { $0.0 == field.0 } }, true)
  }

  /// Whether embedding and head are one tensor.
  func isTied(byDefault fallback: Bool) throws(FormatError) -> Bool {
    let key = "tie_word_embeddings"
    if let value = whole?[key], !value.isNull { return value.bool ?? fallback }
    return try flag(key, default: fallback)
  }

  private func error(_ key: String, _ expected: String) -> FormatError {
    FormatError(
      .config, "\(root.location): \(key)", "missing or out of range", expected: expected,
      got: root[key]?.kindDescription ?? "nothing")
  }

  /// The integer under the first of `keys` that is there, from 1 to `limit`.
  func count(_ keys: String..., limit: Int = 1 << 24) throws(FormatError) -> Int {
    for key in keys {
      guard let value = root[key], !value.isNull else { continue }
      guard let number = value.int, 1...limit ~= number else {
        throw error(key, "an integer from 1 to \(limit)")
      }
      return number
    }
    throw error(keys[0], "an integer from 1 to \(limit)")
  }

  func count(_ key: String, default fallback: Int) throws(FormatError) -> Int {
    guard let value = root[key], !value.isNull else { return fallback }
    return try count(key)
  }

  func positive(_ key: String, in object: JSONValue? = nil, default fallback: Float? = nil)
    throws(FormatError) -> Float
  {
    guard let value = (object ?? root)[key], !value.isNull else {
      if let fallback { return fallback }
      throw error(key, "a positive number")
    }
    guard let number = value.double.map(Float.init), number > 0, number.isFinite else {
      throw FormatError(
        .config, value.location, "out of range", expected: "a positive number", got: value.kindDescription)
    }
    return number
  }

  /// The object under `key`, nil where it is absent or null.
  func object(_ key: String) throws(FormatError) -> JSONValue? {
    guard let value = root[key], !value.isNull else { return nil }
    guard value.isObject else { throw error(key, "an object") }
    return value
  }

  func flag(_ key: String, default fallback: Bool) throws(FormatError) -> Bool {
    guard let value = root[key], !value.isNull else { return fallback }
    guard let flag = value.bool else { throw error(key, "true or false") }
    return flag
  }

  /// Refuses a field that is not implemented: `key` has to be absent, null or false.
  func refuse(_ key: String) throws(FormatError) {
    guard let value = root[key], !value.isNull, value.bool != false else { return }
    throw FormatError(
      .unsupported, "\(root.location): \(key)", "not supported", expected: "none", got: value.kindDescription)
  }

  /// The integer under `key`, which has to divide `whole`, the value of the field `name`.
  func divisor(_ key: String, of whole: Int, _ name: String, default fallback: Int? = nil) throws(FormatError) -> Int {
    let number: Int
    if let fallback { number = try count(key, default: fallback) } else { number = try count(key) }
    guard whole % number == 0 else {
      throw FormatError(
        .config, "\(root.location): \(key)", "does not divide \(name) \(whole)", got: "\(number)")
    }
    return number
  }

  /// Refuses weights that are quantized otherwise than as F8_E4M3.
  func requireReadableWeights() throws(FormatError) {
    guard let quantization = try object("quantization_config") else { return }
    let method = quantization["quant_method"]?.string
    let isRead =
      switch method {
      case "fp8", "fbgemm_fp8": true
      case "compressed-tensors": quantization["format"]?.string == "float-quantized"
      case "modelopt": quantization["quant_algo"]?.string == "FP8"
      default: false
      }
    guard !isRead else { return }
    let more = quantization["format"] ?? quantization["quant_algo"]
    throw FormatError(
      .unsupported, "\(quantization.location): quant_method", "weights quantized this way are not supported",
      expected: "fp8, fbgemm_fp8, compressed-tensors of format float-quantized, or modelopt's FP8",
      got: [method ?? "nothing", more?.string].compactMap(\.self).joined(separator: " of "))
  }

  /// Whether each layer has a window, by `layer_types`; nil where the configuration does not say.
  func slidingLayers(_ layers: Int) throws(FormatError) -> [Bool]? {
    guard let list = root["layer_types"], !list.isNull else { return nil }
    guard list.isArray, list.count == layers else {
      throw error("layer_types", "\(layers) kinds of layers")
    }
    var result: [Bool] = []
    for kind in list.elements {
      switch kind.string {
      case "full_attention": result.append(false)
      case "sliding_attention": result.append(true)
      default:
        throw FormatError(
          .unsupported, kind.location, "not supported", expected: "full_attention or sliding_attention",
          got: kind.kindDescription)
      }
    }
    return result
  }

  /// A positive integer, nil where it is null, the fallback where it is absent.
  func optionalCount(_ key: String, ifAbsent fallback: Int? = nil) throws(FormatError) -> Int? {
    guard let value = root[key] else { return fallback }
    return value.isNull ? nil : try count(key)
  }

  /// The text under `key`, which has to be one of `allowed`: others are not implemented.
  func require(_ key: String, isOneOf allowed: [String], default fallback: String) throws(FormatError)
    -> String
  {
    let value = root[key].flatMap { $0.isNull ? nil : $0 }
    let text = value == nil ? fallback : value?.string
    guard let text, allowed.contains(text) else {
      throw FormatError(
        .unsupported, "\(root.location): \(key)", "not supported", expected: allowed.joined(separator: " or "),
        got: value?.kindDescription ?? "nothing")
    }
    return text
  }
}
