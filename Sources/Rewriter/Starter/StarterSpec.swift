import Format
import Runtime

/// A first spec for a fact, for its author to edit.
///
/// It suggests other wordings by patterns of English, and prompts near the fact that should stay as they are, some of
/// them named by the model itself.
public struct StarterSpec: Sendable {
  public private(set) var spec: JSONNode = .null
  /// Lines for the author: how the suggestions came about, and how the model answers them now.
  public private(set) var notes: [String] = []

  /// - Parameters:
  ///   - isChat: whether the prompt is what a user says in a conversation.
  ///   - model: names the subject, its neighbors and facts about it; nil leaves all to the prompt's words.
  /// - Throws: `FormatError` of kind `spec` or `prompt` where prompt and target make no memory, of kind `tokenizer` for a
  ///   chat with a model without a chat template.
  public init(
    prompt: String, target: String, isChat: Bool = false, model: LanguageModel? = nil
  ) throws(FormatError) {
    let spaced = isChat ? target : Self.spaced(target, behind: prompt)
    if spaced != target {
      notes.append("the target was given a leading space, as a word behind \"\(prompt.suffix(20))\" has one")
    }
    let bare: JSONNode = [
      "memories": [
        ["name": "fact", "prompt": .string(prompt), "target": .string(spaced), "chat": .bool(isChat)]
      ]
    ]
    let memory = try Spec(json: bare.bytes(), location: "--init").memories[0]
    let sentence = Sentence(prompt, subject: try subject(of: memory, model: model))
    let suggestions = Suggestions(
      sentence, target: spaced, style: try model?.style(of: memory) ?? .text, isChat: isChat, model: model)
    notes += suggestions.notes
    spec = ["memories": [Self.entry(sentence, target: spaced, isChat: isChat, suggestions.lists)]]
    _ = try Spec(json: spec.bytes(), location: "--init")
  }

  /// The words that the fact is about: those at which a patch works, corrected by how names look.
  private mutating func subject(of memory: MemorySpec, model: LanguageModel?) throws(FormatError) -> String? {
    let likely = Sentence.likelySubject(memory.prompt)
    var subject = likely
    if let model {
      let probe = try Probe.all([memory], model: model, settings: CompilerSettings())[0]
      if let found = SubjectSearch(probe: probe, model: model, settings: CompilerSettings()).subject(),
        !Self.isMistaken(found, likely: likely, prompt: memory.prompt)
      {
        subject = found
      }
      notes.append("now: \"\(memory.prompt)\" → \"\(model.tokenizer.decode(probe.base.ids[0]))\"")
    }
    notes.append(
      subject.map {
        "\"\($0)\" was taken for what the fact is about; put \"subject\" right if it is something else"
      } ?? "nothing in the prompt looks like a name: add a \"subject\" where there is one, and negatives")
    return subject
  }

  /// Whether the words at which a patch works are only a part of a longer name, or no name.
  private static func isMistaken(_ found: String, likely: String?, prompt: String) -> Bool {
    if found.first?.isUppercase == true { return likely?.hasBytes(of: found) == true }
    return likely != nil || !Sentence.isNoun(found, in: prompt)
  }

  private static func entry(
    _ sentence: Sentence, target: String, isChat: Bool, _ lists: PromptLists
  ) -> JSONNode {
    var members: [(String, JSONNode)] = [
      ("name", .string(sentence.slug)), ("prompt", .string(sentence.prompt)), ("target", .string(target)),
    ]
    if isChat { members.append(("chat", true)) }
    if let subject = sentence.subject { members.append(("subject", .string(subject))) }
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
    return .object(members)
  }

  /// The target with a space in front, where words are divided by spaces and the target would join the prompt's last.
  private static func spaced(_ target: String, behind prompt: String) -> String {
    guard let last = prompt.unicodeScalars.last, let first = target.unicodeScalars.first else { return target }
    let joins = first.properties.isAlphabetic || ("0"..."9").contains(first)
    // Thai, from U+0E00 on, is the first script without spaces between words.
    return last != " " && last != "\n" && joins && first.value < 0x0E00 && last.value < 0x0E00 ? " " + target : target
  }
}
