import Foundation
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The texts beside which a memory's question and subject stand out.
@Suite struct ContrastTextsTests {
  private let model: LanguageModel
  private let settings = CompilerSettings()

  init() throws { model = try TinyModel.load("llama-a") }

  /// A text with what it is for.
  private struct Shown {
    var text: String
    var kind: String
    var ids: [Int]
    var stem: Int
    var name: Int?
  }

  private func texts(
    _ prompt: String, subject: String?, rivals: [String] = [], includingSubject: Bool = true, extra: String = "",
    model: LanguageModel? = nil
  ) throws -> [Shown] {
    let model = model ?? self.model
    let made = ContrastTexts(
      try Probe(prompt, subject: subject, extra: extra, model: model), subject: subject, rivals: rivals,
      turns: [], includingSubject: includingSubject, model: model, settings: settings)
    #expect(made.texts.count == made.kinds.count && made.texts.count == made.names.count)
    return made.texts.indices.map { i in
      Shown(
        text: model.tokenizer.decode(made.texts[i].ids, isStart: true),
        kind: "\(made.kinds[i])".prefix { $0.isLetter }.description,
        ids: made.texts[i].ids, stem: made.texts[i].stem, name: made.names[i])
    }
  }

  private func count(_ texts: [Shown], _ kind: String) -> Int { texts.count { $0.kind == kind } }

  @Test func theBeginningOfASentence() throws {
    let texts = try texts("The capital city of Nepal is located in", subject: "Nepal", extra: #","negatives":["Once"]"#)
    #expect(count(texts, "sameQuestion") >= settings.namesPerQuestion)
    #expect(count(texts, "otherQuestion") == SubjectTemplates.all.count)
    #expect(count(texts, "behind") >= settings.behindQuestions)
    #expect(count(texts, "after") == 1)
    #expect(texts.filter { $0.kind == "negative" }.map(\.text) == ["Once"])
    // Whole questions are asked in forms that have room for them.
    #expect(count(texts, "elsewhere") == 0)
    for text in texts where text.kind == "sameQuestion" {
      #expect(text.text.hasPrefix("The capital city of ") && text.text.hasSuffix(" is located in"))
    }
  }

  /// Whole questions take the prompt's form, others' and the subject's.
  @Test func theFormIsKept() throws {
    let texts = try texts("Q: Where is Oslo?\nA:", subject: "Oslo")
    #expect(count(texts, "elsewhere") > 0)
    #expect(count(texts, "otherQuestion") == SubjectTemplates.all.count + SubjectTemplates.questions.count)
    for text in texts where ["sameQuestion", "elsewhere"].contains(text.kind) {
      #expect(text.text.hasPrefix("Q: ") && text.text.hasSuffix("\nA:"), "\(text.text)")
    }
    #expect(texts.contains { $0.kind == "otherQuestion" && $0.text == "Q: How old is Oslo?\nA:" })
    #expect(texts.contains { $0.kind == "sameQuestion" && $0.text == "Q: Where is London?\nA:" })
    #expect(texts.contains { $0.kind == "behind" && $0.text.hasSuffix("Nepal.\nQ: Where is London?\nA:") })
  }

  /// Another subject stands in the sentence that is asked, and nowhere else.
  @Test func theSubjectIsReplacedInItsSentenceAlone() throws {
    let same = try texts("Oslo is cold. Oslo lies in", subject: "Oslo").filter { $0.kind == "sameQuestion" }
    #expect(!same.isEmpty)
    for text in same {
      #expect(text.text.hasPrefix("Oslo is cold. ") && text.text.hasSuffix(" lies in"))
      #expect(!text.text.dropFirst("Oslo".count).contains("Oslo"), "\(text.text)")
    }
  }

  private static let subjects = ["Oslo", "London", "Berlin", "Maria Garcia", "Peter Smith", "Beatles"]

  /// Texts about others do not name the subject, also where it is one of the names that templates are filled with.
  @Test(arguments: subjects)
  func othersAreOthers(_ subject: String) throws {
    for text in try texts("Q: Where is \(subject)?\nA:", subject: subject) {
      let isBehind = text.kind == "behind"
      guard ["sameQuestion", "elsewhere"].contains(text.kind) || isBehind else {
        #expect(text.kind == "after" || text.text.contains(subject), "\(text.text)")
        continue
      }
      // Behind a mention of the subject the question is about another.
      let mention = isBehind ? try #require(text.text.range(of: subject)).upperBound : text.text.startIndex
      let rest = text.text[mention...]
      let fact = "?\nA: Nepal."
      let asked = rest.hasPrefix(fact) ? rest.dropFirst(fact.count) : rest
      #expect(!asked.contains(subject), "\(text.kind): \(text.text)")
    }
  }

  /// The token that is told to be a name's last is.
  @Test(arguments: subjects)
  func namesAreFound(_ subject: String) throws {
    let texts = try texts("The old home of \(subject) is in", subject: subject, rivals: ["Ann Garcia"])
    #expect(texts.contains { $0.text == "The old home of Ann Garcia is in" })
    for text in texts {
      let isAboutOthers = ["sameQuestion", "behind", "elsewhere"].contains(text.kind)
      #expect((text.name != nil) == isAboutOthers, "\(text.text)")
      guard let name = text.name, text.kind == "sameQuestion" else { continue }
      let upTo = model.tokenizer.decode(Array(text.ids[...name]), isStart: true)
      let named = text.text.dropFirst("The old home of ".count).dropLast(" is in".count)
      #expect(upTo == "The old home of \(named)")
    }
  }

  /// Stems are beginnings that several texts have in common.
  @Test(arguments: ["Q: Where is Oslo?\nA:", "Oslo lies in", "It is cold. Oslo lies in"])
  func stemsAreBeginnings(_ prompt: String) throws {
    let texts = try texts(prompt, subject: "Oslo")
    let stemmed = texts.filter { $0.stem > 0 }
    #expect(texts.allSatisfy { $0.stem < $0.ids.count } && stemmed.count > texts.count / 4)
    let stems = Set(stemmed.map { Array($0.ids[..<$0.stem]) })
    #expect(stems.count < 8 && stems.count < stemmed.count)
    for stem in stems {
      let shown = model.tokenizer.decode(stem, isStart: true)
      #expect(texts.filter { $0.text.hasPrefix(shown) }.count > 1, "\(shown)")
    }
  }

  /// Behind prompt and target stands what the base model says there.
  @Test func theTextBehindTheTargetIsTheBaseModels() throws {
    let probe = try Probe("Oslo lies in", subject: "Oslo", model: model)
    let made = ContrastTexts(
      probe, subject: "Oslo", rivals: [], turns: [], includingSubject: true, model: model, settings: settings)
    let start = probe.keyIDs + probe.targetIDs
    let expected = Continuations(of: [start], count: settings.afterLength, model: model).ids[0]
    #expect(probe.after == expected && !expected.isEmpty)
    let after = zip(made.texts, made.kinds).compactMap { text, kind in
      if case .after(let first) = kind { (text.ids, first) } else { nil }
    }
    #expect(after.map(\.0) == [start + expected.prefix(settings.behindLength - 1)])
    #expect(after.map(\.1) == [start.count - 1])
  }

  /// What asks about others behind key prompt and target is told without them.
  @Test func questionsBehindTheFact() throws {
    let probe = try Probe("Oslo lies in", subject: "Oslo", model: model)
    let made = ContrastTexts(
      probe, subject: "Oslo", rivals: [], turns: [], includingSubject: true, model: model, settings: settings)
    let questions = made.behind(probe).map { model.tokenizer.decode($0) }
    #expect(questions.count >= settings.behindQuestions && questions.contains(". London lies in"))
    #expect(questions.allSatisfy { !$0.contains("Oslo") && !$0.contains("Nepal") })
  }

  /// Other facts about the subject share the first one's texts about it.
  @Test func laterFactsHaveNoTextsAboutTheSubject() throws {
    let texts = try texts("Oslo lies in", subject: "Oslo", includingSubject: false)
    #expect(count(texts, "otherQuestion") == 0 && count(texts, "sameQuestion") > 0 && count(texts, "after") > 0)
  }

  /// Without a subject other questions in the prompt's form are all that there is.
  @Test func withoutASubject() throws {
    let plain = try texts("Once upon a time there was", subject: nil)
    #expect(Set(plain.map(\.kind)) == ["after"])
    let chat = try texts("Q: How are you?\nA:", subject: nil)
    #expect(Set(chat.map(\.kind)) == ["after", "elsewhere"])
    #expect(count(chat, "elsewhere") == 2 * SubjectTemplates.questions.count)
    #expect(Set(chat.map(\.text)).count == chat.count)
  }

  /// No text is longer than the model has positions for.
  @Test(arguments: ["gpt2-a", "gpt2-published", "llama-a"])
  func textsFitTheModel(_ name: String) throws {
    let model = try TinyModel.load(name)
    let positions = model.transformer.shape.positions
    // A prompt as long as can be: target and answer have just room.
    var prompt = "Oslo lies in"
    while try model.encode(prompt + " and").count + 7 < positions { prompt += " and" }
    for prompt in [prompt, "Oslo lies in"] {
      let texts = try texts(prompt, subject: "Oslo", model: model)
      #expect(texts.allSatisfy { !$0.ids.isEmpty && $0.ids.count < positions })
      #expect(!texts.isEmpty)
    }
  }
}
