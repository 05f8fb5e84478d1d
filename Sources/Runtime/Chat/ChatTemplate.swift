import Format

/// A model's way to write a conversation: a template in Jinja, run as transformers runs it.
public struct ChatTemplate: Sendable {
  private let body: [TemplateStatement]
  /// The special tokens by the names that templates read them by: `bos_token`.
  private let specialTokens: [(String, String)]
  /// Where the template stands, for errors.
  public let location: String
  /// The tokens that end a turn, besides the model's own end tokens.
  public internal(set) var endIDs: Set<Int> = []
  /// The marks around thoughts; nil where the template has none.
  public let thinking: ThinkingMarks?

  /// - Parameters:
  ///   - source: the template's text.
  ///   - specialTokens: names and texts of special tokens.
  ///   - location: where the template stands.
  /// - Throws: `FormatError` of kind `unsupported` for syntax that is wrong or not supported.
  public init(
    source: String, specialTokens: [(String, String)] = [], tokenizer: Tokenizer, location: String
  ) throws(FormatError) {
    do {
      body = try TemplateParser.parse(source)
    } catch {
      throw FormatError(error, location)
    }
    self.specialTokens = specialTokens
    self.location = location
    thinking = ThinkingMarks(in: source)
    let named = specialTokens.first { $0.0 == "eos_token" }.flatMap { tokenizer.id(of: $0.1) }
    endIDs = Set([named, endOfTurn(tokenizer)].compactMap(\.self))
  }

  /// The text of a conversation up to where the model continues it.
  ///
  /// The text contains its special tokens: encode it without adding any.
  ///
  /// - Parameters:
  ///   - messages: at least one.
  ///   - variables: what else the template reads, such as `tools` or `enable_thinking`.
  ///   - isContinued: whether the text ends in the opening of the assistant's turn.
  /// - Throws: `FormatError` of kind `prompt` where the template refuses the conversation, of kind `unsupported` where it
  ///   does what is not supported.
  public func render(
    _ messages: [ChatMessage], variables: [(String, JSONNode)] = [], isContinued: Bool = true,
    date: TemplateDate = TemplateDate()
  ) throws(FormatError) -> String {
    var values: [(String, TemplateValue)] = [
      ("messages", .list(messages.map(\.value))), ("tools", .none), ("documents", .none),
      ("add_generation_prompt", .bool(isContinued)),
    ]
    values += specialTokens.map { ($0.0, .text($0.1)) }
    values += variables.map { ($0.0, TemplateValue($0.1)) }
    do {
      return try TemplateRun(values, date: date).render(body)
    } catch {
      throw FormatError(error, location)
    }
  }

  /// The special token behind the text of an answer, which a probe shows: the token that the model ends its turn with.
  private func endOfTurn(_ tokenizer: Tokenizer) -> Int? {
    let probe = "qanswerq"
    let messages = [ChatMessage(.user, "q"), ChatMessage(.assistant, probe)]
    guard let parts = try? render(messages, isContinued: false).parts(separatedBy: probe), parts.count > 1 else {
      return nil
    }
    let rest = parts[parts.count - 1].stripped(right: false)
    return tokenizer.encode(rest, addSpecialTokens: false).first.flatMap { tokenizer.isSpecial($0) ? $0 : nil }
  }
}

/// The marks that a model writes around its thoughts.
public struct ThinkingMarks: Sendable, Equatable {
  public let open: String
  public let close: String

  private static let known = [
    ("<think>", "</think>"), ("<thinking>", "</thinking>"), ("[THINK]", "[/THINK]"), ("<thought>", "</thought>"),
    ("<seed:think>", "</seed:think>"), ("<reasoning>", "</reasoning>"),
  ]

  /// The marks that a template has; nil where it has none that are known.
  init?(in source: String) {
    guard let marks = Self.known.first(where: { source.contains($0.1) }) else { return nil }
    (open, close) = marks
  }

  /// Whether thoughts begin where `text` ends.
  public func isOpen(atEndOf text: String) -> Bool { text.stripped(left: false).hasSuffix(open) }

  /// An answer without its thoughts, and the thoughts.
  ///
  /// - Parameter prompt: the text before the answer: thoughts may begin at its end.
  public func split(_ answer: String, behind prompt: String) -> (reasoning: String?, answer: String) {
    let trimmed = answer.stripped(right: false)
    guard isOpen(atEndOf: prompt) || trimmed.hasPrefix(open) else { return (nil, answer) }
    let parts = (trimmed.hasPrefix(open) ? String(trimmed.dropFirst(open.count)) : answer)
      .parts(separatedBy: close, limit: 1)
    return (parts[0].stripped(), parts.count > 1 ? parts[1].stripped("\n", right: false) : "")
  }
}

extension FormatError {
  init(_ problem: TemplateProblem, _ location: String) {
    let place = problem.line.map { "\(location): line \($0)" } ?? location
    if problem.isRefusal {
      self.init(
        .prompt, place, "the chat template refuses the conversation",
        got: "\"\(problem.problem.printable(limit: 200))\"")
    } else {
      self.init(.unsupported, place, problem.problem, expected: problem.expected, got: problem.got)
    }
  }
}
