import Format
import Kernels
import Runtime

/// What a model, asked, says of a subject's neighborhood.
struct Neighbors {
  let model: LanguageModel

  /// Names that the model lists behind `subject`, at most `count`, none of which names it again.
  ///
  /// It goes on with lists of names of several kinds, `kind` last.
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

  /// A prompt and what the model says to it.
  struct Fact {
    var prompt: String
    var answer: String
  }

  /// Of the sentences about anything, those that the model takes most for sentences about `subject` and answers most
  /// surely, best first; none that it answers with `target`.
  ///
  /// The order is by the mean log p of a sentence's own tokens behind the subject, and of the likeliest one behind it.
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

  /// The kind that the model takes a subject for: beside whose names it is likeliest.
  func kind(of subject: String) -> NameKind {
    let scores = NameKind.allCases.map { kind -> (kind: NameKind, score: Float) in
      let list = kind.names.joined(separator: ", ") + ","
      guard let ids = try? model.encode("\(list) \(subject)") else { return (kind, -.infinity) }
      return (kind, logprob(ids, from: model.tokenizer.encode(list).count, withNext: false))
    }
    return scores.max { $0.score < $1.score }!.kind
  }

  /// The mean log p of the tokens from `first` on, and of the likeliest one behind them where that is wanted.
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

  func answer(to prompt: String) -> String? {
    guard let ids = try? model.encode(prompt) else { return nil }
    let none = MemorySet.none(of: model.transformer)
    return model.tokenizer.decode(model.generate(ids, maxTokens: Continuations.comparedCount, memories: none).ids)
  }
}

extension Substring {
  fileprivate func trimmed() -> String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " || $0 == "." }.reversed())
  }
}
