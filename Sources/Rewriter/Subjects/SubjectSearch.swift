import Format
import Kernels
import Runtime

/// Part of pass 2: the words of a key prompt that its fact is about, where the spec does not say.
struct SubjectSearch {
  let probe: Probe
  let model: LanguageModel

  let settings: CompilerSettings

  /// The words that the spec's prompts have in common, a name before other words, and among these the one that the text
  /// before it tells least of; nil where a patch at none of them makes the target likelier.
  func subject() -> String? {
    let address = settings.subjectSite(model.transformer.shape)
    let run = KeyRun(probe.keyIDs, target: probe.targetIDs[0], transformer: model.transformer)
    var spec = probe.spec
    spec.layer = .given(address.layer)
    spec.site = .given(address.site)
    spec.alpha = .auto
    let loss = run.gradients.losses[0]
    // A target that is likely already cannot become much likelier.
    let leastGain = min(settings.subjectGain, loss / 2)
    for candidate in ranked(run) {
      let trials = Locate(settings: settings).trials(run, spec: spec, token: candidate.token)
      let patched = trials.map(\.logprob).max() ?? -.infinity
      if patched + loss >= leastGain { return candidate.words }
    }
    return nil
  }

  private struct Ranked {
    var words: String
    var token: Int
    /// Positives that name it, less negatives that do.
    var common: Int
    /// Whether it is written as a name inside a sentence.
    var isName: Bool
    var surprise: Float
  }

  /// The words that could be the subject, the likeliest first.
  private func ranked(_ run: KeyRun) -> [Ranked] {
    let surprises = surprises()
    let core = PromptForm(probe.spec.prompt, subject: nil).core
    let first = core.split(separator: " ").first.map(String.init)
    let ranked = Self.candidates(core).compactMap { words -> Ranked? in
      guard
        let token = model.tokenizer.lastToken(of: words, in: probe.spec.prompt, ids: probe.keyIDs),
        token < run.last
      else { return nil }
      let start = token - model.tokenizer.encode(" " + words, addSpecialTokens: false, isStart: false).count + 1
      func naming(_ prompts: [String]) -> Int { prompts.count { $0.contains(words) } }
      let isName = words.first?.isUppercase == true && (words != first || words.contains(" "))
      return Ranked(
        words: words, token: token, common: naming(probe.spec.positivePrompts) - naming(probe.spec.negatives),
        isName: isName, surprise: surprises[max(0, start)...token].reduce(0, +))
    }
    return ranked.enumerated().sorted { a, b in
      let (x, y) = (a.element, b.element)
      if x.common != y.common { return x.common > y.common }
      if x.isName != y.isName { return x.isName }
      if x.surprise != y.surprise { return x.surprise > y.surprise }
      return a.offset < b.offset
    }.map(\.element)
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
