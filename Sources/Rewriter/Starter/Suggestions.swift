import Format
import Runtime

/// The prompts that a starter spec begins with.
struct Suggestions {
  private(set) var lists: PromptLists
  /// The model's answers to the suggested negatives, a line each.
  private(set) var notes: [String] = []

  private let sentence: Sentence
  private let neighbors: Neighbors?

  private let isChat: Bool

  private static let neighborCount = 3
  private static let factCount = 2
  private static let questionCount = 4

  /// - Parameter style: how the prompts become texts.
  init(_ sentence: Sentence, target: String, style: PromptStyle, isChat: Bool, model: LanguageModel?) {
    (self.sentence, self.isChat) = (sentence, isChat)
    neighbors = model.map { Neighbors(model: $0, style: style) }
    lists = PromptLists(prompt: sentence.prompt)
    let wordings = isChat ? sentence.questions : sentence.rewordings
    for (i, text) in wordings.enumerated() { lists.add(text, positive: true, heldOut: i == wordings.count - 1) }
    if !isChat, let negation = sentence.negation { lists.add(negation, positive: false) }
    let whole = String(target.drop { $0 == " " })
    // An answer in a conversation is a sentence.
    let word = isChat ? String(whole.prefix { $0 != "." }) : whole
    if let subject = sentence.subject {
      addNeighbors(of: subject, except: word)
      if isChat { addQuestions(about: subject) } else { addFacts(about: subject, except: target) }
    }
    // The fact asked the other way round.
    if word.first?.isUppercase == true { addNegative(isChat ? "What is \(word) known for?" : "\(word) is known for") }
  }

  /// Other questions about the subject, the last one held out.
  private mutating func addQuestions(about subject: String) {
    let questions = SubjectTemplates.questions.map { SubjectTemplates.filled($0, with: subject) }
    for (i, question) in questions.prefix(Self.questionCount).enumerated() {
      addNegative(question, heldOut: i == Self.questionCount - 1)
    }
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
