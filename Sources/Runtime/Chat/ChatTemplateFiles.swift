import Format

extension ChatTemplate {
  /// The template of a checkpoint: that of chat_template.jinja, else of tokenizer_config.json, else of
  /// chat_template.json, as transformers' tokenizers take it.
  ///
  /// - Parameter name: one of several templates; nil for the one called `default`, or the only one.
  /// - Throws: `FormatError` of kind `tokenizer` where there is none of that name, of kind `unsupported` for one that is
  ///   wrong or not supported.
  public init(_ checkpoint: Checkpoint, tokenizer: Tokenizer, named name: String? = nil) throws(FormatError) {
    do throws(FormatError) {
      try self.init(of: checkpoint, tokenizer: tokenizer, named: name)
    } catch { throw checkpoint.inSourceTerms(error) }
  }

  private init(of checkpoint: Checkpoint, tokenizer: Tokenizer, named name: String?) throws(FormatError) {
    let config = try Self.object(.tokenizerConfig, checkpoint)
    let templates = try Self.templates(checkpoint, config)
    guard !templates.isEmpty else {
      throw FormatError(
        .tokenizer, checkpoint.path, "has no chat template",
        expected: checkpoint.isGGUF
          ? "the key tokenizer.chat_template"
          : "chat_template.jinja, or \"chat_template\" in tokenizer_config.json, inside the file or beside it")
    }
    let wanted = name ?? (templates.count == 1 ? templates[0].name : "default")
    guard let chosen = templates.first(where: { $0.name == wanted }) else {
      throw FormatError(
        .tokenizer, templates[0].location, "has no chat template of this name",
        expected: "one of \(templates.map(\.name).joined(separator: ", "))", got: wanted)
    }
    try self.init(
      source: chosen.source, specialTokens: Self.specialTokens(config), tokenizer: tokenizer,
      location: checkpoint.sourceLocation(chosen.location))
    // GGUF's names of the tokens that end a turn and a message.
    let named = ["eot_token", "eom_token"].compactMap { config?[$0]?.string }.compactMap(tokenizer.id(of:))
    for file in [CompanionFile.generationConfig, .config] {
      endIDs.formUnion(try checkpoint.endTokens(in: file) ?? [])
    }
    endIDs.formUnion(named)
  }

  private static func object(_ file: CompanionFile, _ checkpoint: Checkpoint) throws(FormatError) -> JSONValue? {
    guard let json = checkpoint.companion(file) else { return nil }
    return try JSONDocument(json, location: checkpoint.location(of: file)).root
  }

  private struct Source {
    var name: String
    var source: String
    var location: String
  }

  private static func templates(_ checkpoint: Checkpoint, _ config: JSONValue?) throws(FormatError) -> [Source] {
    // The file is the default; a list of named ones is read from the configuration only.
    if let bytes = checkpoint.companion(.chatTemplate) {
      let location = checkpoint.location(of: .chatTemplate)
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw FormatError(.tokenizer, location, "not UTF-8")
      }
      return [Source(name: "default", source: text, location: location)]
    }
    if let value = config.flatMap({ $0.isObject ? $0["chat_template"] : nil }), !value.isNull {
      return try sources(value)
    }
    guard let value = try object(.chatTemplateJSON, checkpoint)?["chat_template"] else { return [] }
    return try sources(value)
  }

  /// A text, or a list of objects with a name and a template.
  private static func sources(_ value: JSONValue) throws(FormatError) -> [Source] {
    if let text = value.string { return [Source(name: "default", source: text, location: value.location)] }
    var result: [Source] = []
    for item in value.elements {
      guard let name = item["name"]?.string, let text = item["template"]?.string else {
        throw FormatError(
          .tokenizer, item.location, "not a named template", expected: "an object with \"name\" and \"template\"",
          got: item.kindDescription)
      }
      result.append(Source(name: name, source: text, location: "\(item.location) (\(name.printable(limit: 40)))"))
    }
    guard !result.isEmpty else {
      throw FormatError(
        .tokenizer, value.location, "not a chat template", expected: "a text or a list of named ones",
        got: value.kindDescription)
    }
    return result
  }

  private static let tokenNames = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// What transformers' tokenizer classes take where the configuration does not name a token.
  private static let classTokens: [String: [String: String]] = [
    "LlamaTokenizer": ["bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"],
    "GemmaTokenizer": ["bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>", "pad_token": "<pad>"],
    "GPT2Tokenizer": ["bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"],
    "GPTNeoXTokenizer": ["bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"],
    "Qwen2Tokenizer": ["eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>"],
  ]

  private static func specialTokens(_ config: JSONValue?) -> [(String, String)] {
    guard let config, config.isObject else { return [] }
    var name = config["tokenizer_class"]?.string ?? ""
    if name.hasSuffix("Fast") { name.removeLast(4) }
    let fallback = classTokens[name] ?? [:]
    return tokenNames.compactMap { key in
      guard let value = config[key] else { return fallback[key].map { (key, $0) } }
      return (value.string ?? value["content"]?.string).map { (key, $0) }
    }
  }
}
