import Format
import Runtime

/// A first spec for a fact, for its author to edit: other wordings by patterns of English, and prompts near the fact that
/// should stay as they are, some of them asked of the model itself.
public struct StarterSpec: Sendable {
  public private(set) var spec: JSONNode = .null
  /// What the author should know: what the suggestions rest on, and what the model answers to them now.
  public private(set) var notes: [String] = []

  private static let neighborCount = 3

  /// - Parameter model: asked for the subject, for neighbors and for their facts; without one words alone decide.
  /// - Throws: `FormatError` of kind `spec` or `prompt` where no memory could be made of prompt and target.
  public init(prompt: String, target: String, model: LanguageModel? = nil) throws(FormatError) {
    let spaced = Self.spaced(target, behind: prompt)
    if spaced != target {
      notes.append("the target was given a leading space, as a word behind \"\(prompt.suffix(20))\" has one")
    }
    let bare: JSONNode = [
      "memories": [["name": "fact", "prompt": .string(prompt), "target": .string(spaced)]]
    ]
    let check = try Spec(json: bare.bytes(), location: "--init")
    var subject: String?
    if let model {
      let probe = try Probe(check.memories[0], model: model)
      subject = SubjectSearch(probe: probe, model: model).subject(at: AutoCompile.subjectSite(model.transformer.shape))
      notes.append("now: \"\(prompt)\" → \"\(model.tokenizer.decode(probe.base.ids[0]))\"")
    }
    // A word that a patch works at may be part of a longer name, or no name.
    let likely = Sentence.likelySubject(prompt)
    if let found = subject,
      found.first?.isUppercase != true
        ? likely != nil || !Sentence.isNoun(found, in: prompt)
        : likely?.hasBytes(of: found) == true
    {
      subject = likely
    }
    subject = subject ?? likely
    if let subject {
      notes.append("\"\(subject)\" was taken for what the fact is about; put \"subject\" right if it is something else")
    } else {
      notes.append("nothing in the prompt looks like a name: add a \"subject\" where there is one, and negatives")
    }
    let sentence = Sentence(prompt, subject: subject)
    var lists = Lists(prompt: prompt)
    for (i, text) in sentence.rewordings.enumerated() { lists.add(text, positive: true, heldOut: i == 2) }
    if let negation = sentence.negation { lists.add(negation, positive: false) }
    suggestNegatives(sentence, target: spaced, model: model, to: &lists)

    var members: [(String, JSONNode)] = [
      ("name", .string(sentence.slug)), ("prompt", .string(prompt)), ("target", .string(spaced)),
    ]
    if let subject { members.append(("subject", .string(subject))) }
    members += [
      ("positives", lists.node(positive: true, heldOut: false)),
      ("negatives", lists.node(positive: false, heldOut: false)),
      (
        "held_out",
        [
          "positives": lists.node(positive: true, heldOut: true),
          "negatives": lists.node(positive: false, heldOut: true),
        ]
      ),
    ]
    spec = ["memories": [.object(members)]]
    _ = try Spec(json: spec.bytes(), location: "--init")
  }

  private mutating func suggestNegatives(
    _ sentence: Sentence, target: String, model: LanguageModel?, to lists: inout Lists
  ) {
    let word = String(target.drop { $0 == " " })
    if let subject = sentence.subject {
      let neighbors = model.map { Neighbors(model: $0) }
      let kind = neighbors?.kind(of: subject) ?? NameKind(looksOf: subject)
      let asked = neighbors?.names(like: subject, of: kind, count: Self.neighborCount) ?? []
      let names = asked + kind.names.filter { !asked.contains($0) }
      for (i, name) in names.filter({ $0 != word && $0 != subject }).prefix(Self.neighborCount).enumerated() {
        add(sentence.about(name)!, model, heldOut: i == Self.neighborCount - 1, to: &lists)
      }
      if let neighbors {
        for fact in neighbors.facts(about: subject, without: target, count: 2) {
          lists.add(fact.prompt, positive: false)
          notes.append("now: \"\(fact.prompt)\" → \"\(fact.answer)\"")
        }
      } else {
        lists.add("\(subject) is known for", positive: false)
      }
    }
    // What the fact goes on with, the other way round.
    if word.first?.isUppercase == true { add("\(word) is known for", model, to: &lists) }
  }

  private mutating func add(_ prompt: String, _ model: LanguageModel?, heldOut: Bool = false, to lists: inout Lists) {
    lists.add(prompt, positive: false, heldOut: heldOut)
    if let model, let answer = Neighbors(model: model).answer(to: prompt) {
      notes.append("now: \"\(prompt)\" → \"\(answer)\"")
    }
  }

  /// The target with the space that words behind words have in scripts that put spaces between them.
  private static func spaced(_ target: String, behind prompt: String) -> String {
    guard let last = prompt.unicodeScalars.last, let first = target.unicodeScalars.first else { return target }
    let joins = first.properties.isAlphabetic || ("0"..."9").contains(first)
    return last != " " && last != "\n" && joins && first.value < 0x0E00 && last.value < 0x0E00 ? " " + target : target
  }
}

/// The lists of a spec, each prompt once.
private struct Lists {
  private var items: [(text: String, positive: Bool, heldOut: Bool)] = []
  private let prompt: String

  init(prompt: String) { self.prompt = prompt }

  mutating func add(_ text: String, positive: Bool, heldOut: Bool = false) {
    let bytes = ByteString(text)
    guard bytes != ByteString(prompt), !items.contains(where: { ByteString($0.text) == bytes }) else { return }
    items.append((text, positive, heldOut))
  }

  func node(positive: Bool, heldOut: Bool) -> JSONNode {
    .array(items.filter { $0.positive == positive && $0.heldOut == heldOut }.map { .string($0.text) })
  }
}
