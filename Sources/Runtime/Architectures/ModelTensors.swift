import Format

/// A checkpoint's tensors by the names that architectures give them, and what was noticed on the way.
///
/// What stands before those names differs: a file may lack the architecture's prefix, have it twice, or hold the model
/// as the text part of a larger one. A tensor is therefore known by its name without any of these beginnings.
final class ModelTensors {
  let location: String
  private let byName: [ByteString: [Tensor]]
  let all: [Tensor]
  private var used: Set<ByteString> = []
  /// The architecture's names of the tensors that the model was made of, by the names that the file has for them.
  private(set) var names: [ByteString: ByteString] = [:]
  private var missingBiases: [String] = []
  /// What is wrong with the checkpoint and changes nothing, a line each.
  private(set) var warnings: [String]

  /// The modules that models stand in.
  private static let beginnings = ["model", "transformer", "gpt_neox", "language_model", "text_model"].map {
    Array($0.utf8)
  }

  init(_ checkpoint: Checkpoint) {
    location = checkpoint.path
    all = checkpoint.tensors
    warnings = checkpoint.warnings
    byName = Dictionary(grouping: all) { Self.nameInside($0.name) }
  }

  /// A name without the modules that the model stands in.
  static func nameInside(_ name: ByteString) -> ByteString {
    var rest = name.bytes[...]
    while let dot = rest.firstIndex(of: UInt8(ascii: ".")), beginnings.contains(where: rest[..<dot].elementsEqual) {
      rest = rest[(dot + 1)...]
    }
    return ByteString(Array(rest))
  }

  /// The tensor that an architecture calls `name`, nil where the checkpoint has none.
  ///
  /// - Throws: `FormatError` of kind `duplicateName` where two tensors with different values go by that name.
  func find(_ name: ByteString) throws(FormatError) -> Tensor? {
    guard let found = byName[Self.nameInside(name)] else { return nil }
    if found.count > 1, used.insert(found[1].name).inserted {
      for other in found.dropFirst() {
        used.insert(other.name)
        guard other.hasSameContent(as: found[0]) else {
          throw FormatError(
            .duplicateName, location, "two tensors are the model's \(name), and their values differ",
            expected: "one of \(found[0].name) and \(other.name)", got: "both")
        }
      }
    }
    used.insert(found[0].name)
    names[found[0].name] = name
    return found[0]
  }

  func warn(_ problem: String) { warnings.append("\(location): \(problem)") }

  func noteMissingBias(_ name: String) { missingBiases.append(name) }

  /// Warns of biases that are missing, and of tensors that the model was made without, but for those that other programs
  /// write beside the weights and transformers passes over in silence.
  func warnOfTheRest() {
    if !missingBiases.isEmpty { warn("biases are missing, zeros are taken: \(missingBiases.listed())") }
    let rest = all.filter { !used.contains($0.name) && !Self.isPassedOver($0.name) }
    guard !rest.isEmpty else { return }
    warn(
      "the model has no place for \(rest.count) of \(all.count) tensors, which change nothing: "
        + rest.map(\.name.description).listed())
  }

  /// Buffers that older versions of transformers saved, and scales of activations, which are not quantized here.
  private static func isPassedOver(_ name: ByteString) -> Bool {
    [
      "rotary_emb.inv_freq", ".position_ids", ".attn.bias", ".attn.masked_bias", ".attention.bias",
      ".attention.masked_bias", ".input_scale", ".activation_scale", ".k_scale", ".v_scale",
    ].contains(where: name.hasSuffix)
  }
}
