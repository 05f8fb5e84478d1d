import Format
import Foundation
import Runtime

/// Texts beside which a memory's question and subject stand out: the same question about others, other questions about
/// the subject, and others asked about behind a mention of the subject.
///
/// *What* is learnt from the same question about several subjects, *who* from several questions about the same one.
struct ContrastTexts {
  enum Kind {
    /// The key prompt about another subject.
    case sameQuestion
    /// Another text about the subject; `template` is the number of its template, those of questions counted behind the
    /// sentences.
    case otherQuestion(template: Int)
    /// A text about another subject behind one about the memory's own.
    case behind
    /// The base model's own words behind prompt and target, from a token on.
    case after(first: Int)
    /// A prompt of the spec's that should stay as it is; of one about another subject the cues know that.
    case negative(isAboutSubject: Bool)
    /// A text about another subject in the prompt's form; `template` as above, nil for what a user says in a chat.
    case elsewhere(template: Int?)
  }

  private(set) var texts: [StemmedRun.Text] = []
  private(set) var kinds: [Kind] = []
  /// The last token of the other subject's name, where it is known.
  private(set) var names: [Int?] = []
  private let subject: String?
  private let prompt: String
  private let target: String
  private let form: PromptForm
  private let style: PromptStyle
  private let model: LanguageModel
  private let settings: CompilerSettings

  /// - Parameters:
  ///   - rivals: names that look like the subject's.
  ///   - turns: what users say in chats.
  init(
    _ probe: Probe, subject: String?, rivals: [String], turns: [String], includingSubject: Bool, model: LanguageModel,
    settings: CompilerSettings
  ) {
    (self.subject, self.model, self.settings, style) = (subject, model, settings, probe.style)
    (prompt, target) = (probe.prompt, probe.target)
    form = Self.form(of: probe, subject: subject)
    if let subject {
      addSameQuestion(rivals)
      if includingSubject { addOtherQuestions(about: subject) }
      addBehind(subject, rivals, probe)
    }
    if form.isWhole { addElsewhere() }
    addTurns(turns)
    addAfter(probe)
    for (prompt, ids) in zip(probe.spec.negatives, probe.negatives) {
      let text = (try? style.text(prompt)) ?? prompt
      let isAbout = subject.map { model.tokenizer.lastToken(of: $0, in: text, ids: ids) != nil } ?? true
      add(ids, .negative(isAboutSubject: isAbout))
    }
  }

  private static func form(of probe: Probe, subject: String?) -> PromptForm {
    if case .chat(let form, _) = probe.style {
      let earlier = Array(probe.style.messages(probe.spec.prompt).dropLast())
      if let frame = try? form.frame(behind: earlier) {
        return PromptForm(probe.prompt, subject: subject, frame: frame)
      }
    }
    return PromptForm(probe.prompt, subject: subject)
  }

  // MARK: - Kinds

  private func asking(about name: String) -> String {
    guard let subject, let place = form.core.range(of: subject, options: .backwards) else { return form.core }
    return form.core.replacingCharacters(in: place, with: name)
  }

  private func otherNames(_ count: Int, rivals: [String]) -> [String] {
    let alike = SubjectTemplates.names(like: subject ?? "").dropFirst(SubjectTemplates.subjects.count)
    let stride = max(1, alike.count / max(1, settings.rivalNames / 2))
    let chosen = alike.enumerated().filter { $0.offset % stride == 0 }.map(\.element).prefix(settings.rivalNames / 2)
    let usual = SubjectTemplates.subjects(besides: subject).prefix(count)
    return Array(usual) + rivals.prefix(settings.rivalNames) + chosen
  }

  private mutating func addSameQuestion(_ rivals: [String]) {
    for name in otherNames(settings.namesPerQuestion, rivals: rivals) {
      add(form.text(asking(about: name)), stem: form.head, .sameQuestion, name: name)
    }
  }

  private mutating func addOtherQuestions(about subject: String) {
    for (i, template) in SubjectTemplates.all.enumerated() {
      let text = SubjectTemplates.filled(template, with: subject)
      // A form with a tail asks for whole sentences, which these are not.
      let head = form.isWhole ? "" : form.head
      add(
        head + text, stem: head + (template.hasPrefix("{}") ? subject : ""), .otherQuestion(template: i),
        isText: form.isWhole)
    }
    guard form.isWhole else { return }
    let questions = SubjectTemplates.questions + (style.isChat ? SubjectTemplates.chatQuestions : [])
    for (i, question) in questions.enumerated() {
      add(
        form.text(SubjectTemplates.filled(question, with: subject)), stem: form.head,
        .otherQuestion(template: SubjectTemplates.all.count + i))
    }
  }

  /// Other questions about others in the prompt's form.
  private mutating func addElsewhere() {
    for (i, question) in SubjectTemplates.questions.enumerated() {
      // A name and another one.
      for turn in 0..<(subject == nil ? 2 : 1) {
        let name = SubjectTemplates.name(i + 7 * turn, step: 5, besides: subject)
        add(
          form.text(SubjectTemplates.filled(question, with: name)), stem: form.head,
          .elsewhere(template: SubjectTemplates.all.count + i), name: name)
      }
    }
  }

  /// A chat's words, asked in the turn behind some others: the text, and the part of it before the words.
  private func asked(_ words: String, behind turns: [ChatMessage]) -> (text: String, stem: String)? {
    guard case .chat(let form, _) = style, let frame = try? form.frame(behind: turns) else { return nil }
    return (frame.head + words + frame.tail, frame.head)
  }

  /// What users say about other things.
  private mutating func addTurns(_ turns: [String]) {
    guard style.isChat else { return }
    for words in turns {
      guard let (text, stem) = asked(words, behind: []) else { continue }
      add(text, stem: stem, .elsewhere(template: nil))
    }
  }

  private mutating func addBehind(_ subject: String, _ rivals: [String], _ probe: Probe) {
    let fact = prompt + target + "."
    let mention = subject + " is well known."
    for (i, name) in otherNames(settings.behindQuestions, rivals: rivals).enumerated() {
      let turns =
        i % 3 == 2
        ? [ChatMessage(.user, "Do you know \(subject)?"), ChatMessage(.assistant, mention)]
        : style.messages(probe.spec.prompt) + [ChatMessage(.assistant, probe.spec.target)]
      if let (text, stem) = asked(asking(about: name), behind: turns) {
        add(text, stem: stem, .behind, name: name)
        continue
      }
      let asked = form.isWhole ? "\n" + form.text(asking(about: name)) : " " + asking(about: name)
      let stem = i % 3 == 2 ? mention : fact
      add(stem + asked, stem: stem, .behind, name: name)
    }
    for i in 0..<min(settings.behindSentences, SubjectTemplates.all.count / 2) {
      let name = SubjectTemplates.name(i, step: 5, besides: subject)
      let text = SubjectTemplates.filled(SubjectTemplates.all[2 * i], with: name)
      let stem = i % 2 == 0 ? fact : mention
      add(stem + " " + text, stem: stem, .behind, name: name)
    }
  }

  /// Every token from the target's last on is one behind which the target is not to be said.
  private mutating func addAfter(_ probe: Probe) {
    let ids = probe.keyIDs + probe.targetIDs
    guard !probe.after.isEmpty, settings.behindLength > 0 else { return }
    add(ids + probe.after.prefix(settings.behindLength - 1), .after(first: ids.count - 1))
  }

  /// What asks about others behind key prompt and target.
  func behind(_ probe: Probe) -> [[Int]] {
    let fact = probe.keyIDs + probe.targetIDs
    return zip(texts, kinds).compactMap { text, kind in
      guard case .behind = kind, text.ids.starts(with: fact) else { return nil }
      return Array(text.ids[fact.count...])
    }
  }

  // MARK: - Texts

  /// - Parameter isText: whether the text stands outside of the prompt's form.
  private mutating func add(_ text: String, stem: String, _ kind: Kind, name: String? = nil, isText: Bool = false) {
    let style = isText ? PromptStyle.text : style
    let ids = style.encode(text, model.tokenizer)
    let beginning = stem.isEmpty ? [] : style.encode(stem, model.tokenizer)
    let place = name.flatMap { model.tokenizer.lastToken(of: $0, in: text, ids: ids) }
    add(ids, kind, stem: ids.starts(with: beginning) && beginning.count < ids.count ? beginning.count : 0, name: place)
  }

  private mutating func add(_ ids: [Int], _ kind: Kind, stem: Int = 0, name: Int? = nil) {
    guard !ids.isEmpty, ids.count < model.transformer.shape.positions else { return }
    let isShort = if case .behind = kind { true } else { false }
    texts.append(StemmedRun.Text(ids: ids, stem: stem, isShort: isShort))
    kinds.append(kind)
    names.append(name)
  }
}
