import Format
import Kernels
import Runtime

/// Part of pass 2: the words of a key prompt that its fact is about, where the spec does not say.
struct SubjectSearch {
  let probe: Probe
  let model: LanguageModel

  let settings: CompilerSettings

  /// The word that the text before it tells least of, among those at which a patch makes the target likelier; nil where
  /// there is none.
  func subject() -> String? {
    let address = settings.subjectSite(model.transformer.shape)
    let run = KeyRun(probe.keyIDs, target: probe.targetIDs[0], transformer: model.transformer)
    var spec = probe.spec
    spec.layer = .given(address.layer)
    spec.site = .given(address.site)
    spec.alpha = .auto
    let surprises = surprises()
    var best: (words: String, surprise: Float)?
    for words in Self.candidates(probe.spec.prompt) {
      guard
        let token = model.tokenizer.lastToken(of: words, in: probe.spec.prompt, ids: probe.keyIDs),
        token < run.last
      else { continue }
      let first = token - model.tokenizer.encode(" " + words, addSpecialTokens: false, isStart: false).count + 1
      let surprise = surprises[max(0, first)...token].reduce(0, +)
      guard best == nil || surprise > best!.surprise else { continue }
      let trials = Locate(settings: settings).trials(run, spec: spec, token: token)
      let patched = trials.map(\.logprob).max() ?? -.infinity
      if patched + run.gradients.losses[0] >= settings.subjectGain { best = (words, surprise) }
    }
    return best?.words
  }

  /// The words of a text; words with capitals that follow each other are one name.
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
    let ids = [model.textEnd] + probe.keyIDs.dropLast()
    let run = BaseRun([ids], recordedBy: Tape(forBackward: false, layers: []), transformer: model.transformer)
    let logits = model.transformer.logits(run.residual, rows: ids.indices)
    return probe.keyIDs.enumerated().map { i, id in
      kernel_log_sum_exp(logits.row(i), logits.width) - logits.row(i)[id]
    }
  }
}
