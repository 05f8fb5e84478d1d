import Format

/// A turn of a conversation.
public struct ChatMessage: Sendable, Equatable {
  public enum Role: String, Sendable { case system, user, assistant }

  public var role: Role
  public var content: String

  public init(_ role: Role, _ content: String) {
    self.role = role
    self.content = content
  }
}

/// A model's way to write a conversation: one of four families, with what the templates of a family differ in.
///
/// The family is recognized by its marks in the `chat_template` of tokenizer_config.json, which is not run itself.
public struct ChatTemplate: Sendable, Equatable {
  public enum Family: String, CaseIterable, Sendable {
    case chatML = "ChatML"
    case llama3 = "Llama 3"
    case mistral = "Mistral"
    case gemma = "Gemma"

    /// A text that is in the family's templates and in no other's.
    var mark: String {
      switch self {
      case .chatML: "<|im_start|>"
      case .llama3: "<|start_header_id|>"
      case .mistral: "[INST]"
      case .gemma: "<start_of_turn>"
      }
    }

    /// The token that ends a turn; nil for the tokenizer's end token.
    var endOfTurn: String? {
      switch self {
      case .chatML: "<|im_end|>"
      case .llama3: "<|eot_id|>"
      case .mistral: nil
      case .gemma: "<end_of_turn>"
      }
    }
  }

  public let family: Family
  /// The template's text.
  let source: String
  let beginToken: String
  let endToken: String
  /// The tokens that end a turn.
  public let endIDs: Set<Int>

  /// - Parameters:
  ///   - json: the bytes of a tokenizer_config.json.
  ///   - location: the name of `json` in errors.
  /// - Throws: `FormatError` of kind `unsupported` for a template of no known family, or whose marks are not in the
  ///   vocabulary; of kind `tokenizer` where there is no template.
  public init(json: [UInt8], tokenizer: Tokenizer, location: String) throws(FormatError) {
    let root = try JSONDocument(json, location: location).root
    let expected = "a template of " + Family.allCases.map(\.rawValue).joined(separator: ", ")
    source = try Self.source(root, expected: expected)
    let text = source
    guard let family = Family.allCases.first(where: { text.contains($0.mark) }) else {
      throw FormatError(
        .unsupported, "\(location): chat_template", "not supported", expected: expected,
        got: "\"\(source.printable(limit: 60))\"")
    }
    self.family = family
    func content(_ key: String, _ fallback: String) -> String {
      root[key]?.string ?? root[key]?["content"]?.string ?? fallback
    }
    let fallback: (begin: String, end: String) =
      switch family {
      case .chatML: ("", "<|im_end|>")
      case .llama3: ("<|begin_of_text|>", "<|eot_id|>")
      case .mistral: ("<s>", "</s>")
      case .gemma: ("<bos>", "<eos>")
      }
    beginToken = content("bos_token", fallback.begin)
    endToken = content("eos_token", fallback.end)
    let end = family.endOfTurn ?? endToken
    for mark in [family.mark, end] + (family == .chatML ? [] : [beginToken]) {
      // Mistral's first templates wrote [INST] as plain text.
      if mark == family.mark, family == .mistral { continue }
      guard tokenizer.id(of: mark) != nil else {
        throw FormatError(
          .unsupported, "\(location): chat_template", "its marks are not in the vocabulary",
          expected: "the token \(mark) of \(family.rawValue)", got: "\"\(source.printable(limit: 60))\"")
      }
    }
    endIDs = Set([tokenizer.id(of: end), tokenizer.id(of: endToken)].compactMap(\.self))
  }

  /// The text of `chat_template`: a string, or the one named `default` of a list.
  private static func source(_ root: JSONValue, expected: String) throws(FormatError) -> String {
    let value = root.isObject ? root["chat_template"] : nil
    if let text = value?.string { return text }
    if let value, value.isArray {
      let named = value.elements.first { $0.isObject && $0["name"]?.string == "default" }
      if let text = named?["template"]?.string { return text }
    }
    throw FormatError(
      .tokenizer, root.location, "has no chat_template (one in a file of its own is not read)", expected: expected,
      got: value?.kindDescription ?? "nothing")
  }

  /// The template of a checkpoint's tokenizer_config.json, inside the file or beside it.
  ///
  /// - Throws: `FormatError` of kind `tokenizer` where there is no such file, else as `init(json:tokenizer:location:)`.
  public init(_ checkpoint: Checkpoint, tokenizer: Tokenizer) throws(FormatError) {
    guard let json = checkpoint.companion(.tokenizerConfig) else {
      throw FormatError(
        .tokenizer, checkpoint.path, "no tokenizer_config.json inside the file or beside it",
        expected: "one with a chat_template of " + Family.allCases.map(\.rawValue).joined(separator: ", "))
    }
    try self.init(json: json, tokenizer: tokenizer, location: checkpoint.location(of: .tokenizerConfig))
  }
}
