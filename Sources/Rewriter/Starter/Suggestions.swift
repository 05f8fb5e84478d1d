import Format
import Runtime

/// The prompts that a starter spec begins with.
struct Suggestions {
  private(set) var lists: PromptLists
  /// The model's answers to the suggested negatives, a line each.
  private(set) var notes: [String] = []

  private let sentence: Sentence
  private let neighbors: Neighbors?

  private static let neighborCount = 3
  private static let factCount = 2

  init(_ sentence: Sentence, target: String, model: LanguageModel?) {
    self.sentence = sentence
    neighbors = model.map { Neighbors(model: $0) }
    lists = PromptLists(prompt: sentence.prompt)
    for (i, text) in sentence.rewordings.enumerated() { lists.add(text, positive: true, heldOut: i == 2) }
    if let negation = sentence.negation { lists.add(negation, positive: false) }
    let word = String(target.drop { $0 == " " })
    if let subject = sentence.subject {
      addNeighbors(of: subject, except: word)
      addFacts(about: subject, except: target)
    }
    // The fact asked the other way round.
    if word.first?.isUppercase == true { addNegative("\(word) is known for") }
  }

  /// The prompt about other subjects of the same kind.
  private mutating func addNeighbors(of subject: String, except word: String) {
    let kind = neighbors?.kind(of: subject) ?? NameKind(looksOf: subject)
    let named = neighbors?.names(like: subject, of: kind, count: Self.neighborCount) ?? []
    let names = (named + kind.names.filter { !named.contains($0) }).filter { $0 != word && $0 != subject }
    for (i, name) in names.prefix(Self.neighborCount).enumerated() {
      guard let prompt = sentence.about(name) else { continue }
      addNegative(prompt, heldOut: i == Self.neighborCount - 1)
    }
  }

  /// Other prompts about the subject.
  private mutating func addFacts(about subject: String, except target: String) {
    guard let neighbors else { return lists.add("\(subject) is known for", positive: false) }
    for fact in neighbors.facts(about: subject, without: target, count: Self.factCount) {
      lists.add(fact.prompt, positive: false)
      notes.append("now: \"\(fact.prompt)\" → \"\(fact.answer)\"")
    }
  }

  private mutating func addNegative(_ prompt: String, heldOut: Bool = false) {
    lists.add(prompt, positive: false, heldOut: heldOut)
    if let answer = neighbors?.answer(to: prompt) { notes.append("now: \"\(prompt)\" → \"\(answer)\"") }
  }
}
