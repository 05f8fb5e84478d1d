import Format

extension Transformer {
  /// Warns of rotary frequencies in the checkpoint that are not those of the configuration, which are taken, as
  /// transformers does: it wrote them up to version 4.31 and has not read them since.
  ///
  /// A common factor is no difference: frequencies were saved without the scaling of positions.
  func warnOfOtherFrequencies(_ tensors: ModelTensors) {
    let other = tensors.all.filter { tensor in
      guard tensor.name.hasSuffix("rotary_emb.inv_freq"), let saved = tensor.floats() else { return false }
      return !rotaries.contains { areProportional($0.frequencies, saved) }
    }
    guard !other.isEmpty, !rotaries.isEmpty else { return }
    tensors.warn(
      "the configuration's rotary frequencies are taken, which are not those in the file, as transformers does: "
        + other.map(\.name.description).listed())
  }
}

/// Whether two lists are the same but for a factor and what 16-bit numbers lose.
private func areProportional(_ a: [Float], _ b: [Float]) -> Bool {
  guard a.count == b.count, let (x, y) = zip(a, b).first(where: { _ in true }), x != 0, y != 0 else { return false }
  return zip(a, b).allSatisfy { abs($0 / x - $1 / y) <= 0.01 * abs($0 / x) }
}
