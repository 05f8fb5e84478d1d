import Format
import Kernels
import Runtime

/// A model's own knowledge of a subject: others like it, and facts about it.
struct Neighbors {
  let model: LanguageModel
  /// How prompts become texts.
  let style: PromptStyle

  /// Names that the model lists behind `subject`, at most `count`, other than the subject.
  ///
  /// Its prompt has a line of names of each kind, `kind` last, and then the subject.
  func names(like subject: String, of kind: NameKind, count: Int) -> [String] {
    let lists = NameKind.allCases.filter { $0 != kind } + [kind]
    let text = lists.map { $0.names.joined(separator: ", ") + "\n" }.joined() + "\(subject),"
    guard let ids = try? model.encode(text) else { return [] }
    let answer = model.generate(ids, maxTokens: 8 * count, memories: .none(of: model.transformer)).ids
    let line = model.tokenizer.decode(answer).prefix { $0 != "\n" }
    var names: [String] = []
    // The last name may be cut.
    for part in line.split(separator: ",").dropLast(line.contains("\n") ? 0 : 1) where names.count < count {
      let name = part.trimmed()
      let isLike = name.first?.isUppercase == subject.first?.isUppercase
      let isNew = !names.contains(name) && !name.contains(subject) && !subject.contains(name)
      if isLike, isNew, (2...40).contains(name.count), name.allSatisfy({ $0.isLetter || " -'.".contains($0) }) {
        names.append(name)
      }
    }
    return names
  }

  /// A prompt with the model's continuation.
  struct Fact {
    var prompt: String
    var answer: String
  }

  /// Templates that fit `subject` best and that the model continues most surely, best first, at most `count`.
  ///
  /// Sorted by the mean log p of the tokens behind the subject and of the likeliest next one; those that the model
  /// continues with `target` are left out.
  func facts(about subject: String, without target: String, count: Int) -> [Fact] {
    let start = model.tokenizer.encode(subject)
    let prompts = SubjectTemplates.all.map { SubjectTemplates.filled($0, with: subject) }
    let known = prompts.compactMap { prompt in (try? model.encode(prompt)).map { (prompt: prompt, ids: $0) } }
    let scored = known.filter { $0.ids.count > start.count }.map {
      (prompt: $0.prompt, ids: $0.ids, score: logprob($0.ids, from: start.count, withNext: true))
    }
    var facts: [Fact] = []
    for (prompt, ids, _) in scored.sorted(by: { $0.score > $1.score }) where facts.count < count {
      let answer = model.tokenizer.decode(
        model.generate(ids, maxTokens: Continuations.comparedCount, memories: .none(of: model.transformer)).ids)
      if !answer.hasPrefix(target) { facts.append(Fact(prompt: prompt, answer: answer)) }
    }
    return facts
  }

  /// The kind beside whose names the model finds a subject likeliest.
  func kind(of subject: String) -> NameKind {
    let scores = NameKind.allCases.map { kind -> (kind: NameKind, score: Float) in
      let list = kind.names.joined(separator: ", ") + ","
      guard let ids = try? model.encode("\(list) \(subject)") else { return (kind, -.infinity) }
      return (kind, logprob(ids, from: model.tokenizer.encode(list).count, withNext: false))
    }
    return scores.max { $0.score < $1.score }!.kind
  }

  /// The mean log p of the tokens from `first` on and, if `withNext`, of the likeliest next one.
  private func logprob(_ ids: [Int], from first: Int, withNext: Bool) -> Float {
    let run = BaseRun([ids], recordedBy: Tape(forBackward: false, layers: []), transformer: model.transformer)
    let rows = max(0, first - 1)..<(withNext ? ids.count : ids.count - 1)
    let logits = model.transformer.logits(run.residual, rows: rows)
    let sum = rows.enumerated().reduce(Float(0)) { sum, item in
      let next = item.element + 1 < ids.count ? ids[item.element + 1] : logits.largest(item.offset)
      return sum + logits.row(item.offset)[next] - kernel_log_sum_exp(logits.row(item.offset), logits.width)
    }
    return sum / Float(max(1, rows.count))
  }

  /// The continuation of a prompt; nil where the model cannot take it.
  func answer(to prompt: String) -> String? {
    guard let ids = try? style.encode(prompt: prompt, model) else { return nil }
    let none = MemorySet.none(of: model.transformer)
    return model.tokenizer.decode(model.generate(ids, maxTokens: Continuations.comparedCount, memories: none).ids)
  }
}

extension Substring {
  fileprivate func trimmed() -> String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " || $0 == "." }.reversed())
  }
}
