import Format
import Kernels
import Runtime

/// Finds the words of a key prompt that its fact is about, where the spec does not say: part of pass 2.
struct SubjectSearch {
  let probe: Probe
  let model: LanguageModel

  /// How much likelier one step has to make the target (nats).
  private static let gain: Float = 1

  /// Of the words at which a patch makes the target likelier, those that the text before them tells least of; nil
  /// where there is none.
  func subject(at address: SiteAddress) -> String? {
    let pass = KeyPass(
      probe.keyIDs, target: probe.targetIDs[0], memories: .none(of: model.transformer),
      transformer: model.transformer)
    var spec = probe.spec
    spec.layer = .given(address.layer)
    spec.site = .given(address.site)
    spec.alpha = .auto
    let surprises = surprises()
    var best: (words: String, surprise: Float)?
    for words in Self.candidates(probe.spec.prompt) {
      guard
        let token = model.tokenizer.lastToken(of: words, in: probe.spec.prompt, ids: probe.keyIDs),
        token < pass.last
      else { continue }
      let first = token - model.tokenizer.encode(" " + words, addSpecialTokens: false, isStart: false).count + 1
      let surprise = surprises[max(0, first)...token].reduce(0, +)
      guard best == nil || surprise > best!.surprise else { continue }
      let patched = Locate.trials(pass, spec: spec, token: token).map(\.logprob).max() ?? -.infinity
      if patched + pass.gradients.losses[0] >= Self.gain { best = (words, surprise) }
    }
    return best?.words
  }

  /// Words, those with capitals that follow each other as one name.
  static func candidates(_ text: String) -> [String] {
    var result: [String] = []
    var word = ""
    var isName = false
    for part in text.split(separator: " ", omittingEmptySubsequences: false) {
      let bare = part.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." && part.count == 2 }
      let isCapital = bare.first?.isUppercase ?? false
      if isName, isCapital {
        word += " " + bare
      } else {
        if !word.isEmpty { result.append(word) }
        word = String(bare)
      }
      // Punctuation ends a name.
      isName = isCapital && bare.count == part.count
    }
    return word.isEmpty ? result : result + [word]
  }

  /// −log p of each token of the key prompt behind those before it, the first behind the token that texts end with.
  private func surprises() -> [Float] {
    let transformer = model.transformer
    let ids = [model.textEnd] + probe.keyIDs.dropLast()
    let batch = Batch(
      [.init(rows: 0..<ids.count, position: 0, cache: nil, appends: false, memories: .none(of: transformer))],
      shape: transformer.shape)
    transformer.embed([ids], batch)
    transformer.forward(batch)
    let logits = transformer.logits(batch.residual, rows: ids.indices)
    return probe.keyIDs.enumerated().map { i, id in
      kernel_log_sum_exp(logits.row(i), logits.width) - logits.row(i)[id]
    }
  }
}
