// tokenizer.json from the `tokenizer.ggml.` keys.
extension GGUFContainer {
  private static let prefix = "tokenizer.ggml."

  /// The tokenizer as the `tokenizers` library serializes it: a byte-level BPE, or SentencePiece's.
  ///
  /// - Throws: `FormatError` for another model or pre-tokenizer, and for lists that do not fit each other.
  func tokenizer() throws(FormatError) -> JSONNode {
    let tokens: [String]
    let parts: TokenizerParts
    switch try string(Self.prefix + "model") {
    case "gpt2":
      let preTokenizer = try preTokenizer()
      tokens = try self.tokens()
      parts = TokenizerParts(
        preTokenizer: preTokenizer.json, decoder: GGUFPreTokenizer.byteLevel(addPrefixSpace: true),
        merges: try merges(), ignoresMerges: preTokenizer.ignoresMerges,
        beginsByDefault: preTokenizer.beginsByDefault)
    case "llama":
      tokens = try self.tokens()
      parts = try sentencePiece(tokens)
    case let other:
      throw FormatError(
        .gguf, "\(location): \(Self.prefix)model", "the tokenizer is not supported",
        expected: "gpt2 (byte-level BPE) or llama (SentencePiece BPE)", got: other ?? "nothing")
    }
    var model: [(String, JSONNode)] = [
      ("type", "BPE"), ("dropout", .null), ("unk_token", parts.unknown.map { .string($0) } ?? .null),
      ("continuing_subword_prefix", .null), ("end_of_word_suffix", .null), ("fuse_unk", .bool(parts.unknown != nil)),
      ("byte_fallback", .bool(parts.hasBytes)),
    ]
    if parts.ignoresMerges { model.append(("ignore_merges", true)) }
    model += [
      ("vocab", .object(tokens.enumerated().map { ($0.element, .int($0.offset)) })), ("merges", .array(parts.merges)),
    ]
    return [
      "version": "1.0", "truncation": .null, "padding": .null,
      "added_tokens": try addedTokens(tokens, special: parts.unknown == nil ? [3] : [2, 3]),
      "normalizer": parts.normalizer, "pre_tokenizer": parts.preTokenizer,
      "post_processor": try postProcessor(tokens, beginsByDefault: parts.beginsByDefault), "decoder": parts.decoder,
      "model": .object(model),
    ]
  }

  private func preTokenizer() throws(FormatError) -> GGUFPreTokenizer {
    let space = try bool(Self.prefix + "add_space_prefix") ?? false
    let name = try string(Self.prefix + "pre") ?? "default"
    guard let found = GGUFPreTokenizer(name, addPrefixSpace: space) else {
      throw FormatError(
        .gguf, "\(location): \(Self.prefix)pre", "the pre-tokenizer is not supported",
        expected: GGUFPreTokenizer.names.joined(separator: ", "), got: name)
    }
    if space, !found.takesPrefixSpace {
      throw FormatError(
        .gguf, "\(location): \(Self.prefix)add_space_prefix", "not supported with the pre-tokenizer \(name)",
        expected: "false", got: "true")
    }
    return found
  }

  /// The parts that depend on the kind of tokenizer.
  private struct TokenizerParts {
    var normalizer = JSONNode.null
    var preTokenizer: JSONNode
    var decoder: JSONNode
    var merges: [JSONNode]
    var ignoresMerges = false
    var unknown: String?
    var hasBytes = false
    /// Whether a first token is added where the file does not say.
    var beginsByDefault = false
  }

  /// The parts of a SentencePiece BPE: spaces are ▁, and a character without a token is its bytes.
  private func sentencePiece(_ tokens: [String]) throws(FormatError) -> TokenizerParts {
    let scoresKey = Self.prefix + "scores"
    guard let scores = try floats(scoresKey) else { throw missing(scoresKey) }
    guard scores.count == tokens.count else {
      throw FormatError(
        .gguf, "\(location): \(scoresKey)", "not one for each token", expected: "\(tokens.count)",
        got: "\(scores.count)")
    }
    let types = try tokenTypes(tokens)
    let hasSpace = try bool(Self.prefix + "add_space_prefix") ?? true
    let replace: JSONNode = ["type": "Replace", "pattern": ["String": " "], "content": "▁"]
    let prepend: JSONNode = ["type": "Prepend", "prepend": "▁"]
    let strip: JSONNode = ["type": "Strip", "content": " ", "start": 1, "stop": 0]
    let unknown = try integer(Self.prefix + "unknown_token_id") ?? types?.firstIndex(of: 2)
    return TokenizerParts(
      normalizer: ["type": "Sequence", "normalizers": .array(hasSpace ? [prepend, replace] : [replace])],
      preTokenizer: .null,
      decoder: [
        "type": "Sequence",
        "decoders": .array(
          [
            ["type": "Replace", "pattern": ["String": "▁"], "content": " "], ["type": "ByteFallback"],
            ["type": "Fuse"],
          ] + (hasSpace ? [strip] : [])),
      ], merges: GGUFSentencePieces(tokens, scores, types: types).merges(),
      unknown: unknown.flatMap { tokens.indices.contains($0) ? tokens[$0] : nil },
      hasBytes: types?.contains(6) ?? false, beginsByDefault: true)
  }

  /// The tokens by id, all different.
  private func tokens() throws(FormatError) -> [String] {
    let key = Self.prefix + "tokens"
    guard let tokens = try strings(key) else { throw missing(key) }
    if let rows = tensors["token_embd.weight"]?.shape.first, tokens.count > rows {
      throw FormatError(
        .gguf, "\(location): \(key)", "more tokens than rows of the embedding", expected: "at most \(rows)",
        got: "\(tokens.count)")
    }
    var seen = Set<ByteString>(minimumCapacity: tokens.count)
    for (id, token) in tokens.enumerated() where !seen.insert(ByteString(token)).inserted {
      throw FormatError(.gguf, "\(location): \(key)[\(id)]", "the token \(token) stands twice")
    }
    return tokens
  }

  /// The type of each token: 0 or 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 a byte; nil where the file does
  /// not say.
  private func tokenTypes(_ tokens: [String]) throws(FormatError) -> [Int]? {
    let key = Self.prefix + "token_type"
    guard let types = try integers(key), !types.isEmpty else { return nil }
    guard types.count == tokens.count else {
      throw FormatError(
        .gguf, "\(location): \(key)", "not one for each token", expected: "\(tokens.count)",
        got: "\(types.count)")
    }
    for (id, type) in types.enumerated() where !(0...6 ~= type) {
      throw FormatError(
        .gguf, "\(location): \(key)[\(id)]", "unknown type of token", expected: "0 to 6", got: "\(type)")
    }
    return types
  }

  /// The field `added_tokens`: tokens of the `special` types, and user-defined ones (type 4), which are not special.
  private func addedTokens(_ tokens: [String], special: Set<Int>) throws(FormatError) -> JSONNode {
    guard let types = try tokenTypes(tokens) else { return [] }
    var added: [JSONNode] = []
    for (id, type) in types.enumerated() {
      guard type == 4 || special.contains(type) else { continue }
      guard !tokens[id].isEmpty else {
        throw FormatError(.gguf, "\(location): \(Self.prefix)tokens[\(id)]", "a special token is empty")
      }
      added.append([
        "id": .int(id), "content": .string(tokens[id]), "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": .bool(type != 4),
      ])
    }
    return .array(added)
  }

  /// The merges in the order of their ranks, each two tokens with one space between them.
  private func merges() throws(FormatError) -> [JSONNode] {
    let key = Self.prefix + "merges"
    guard let merges = try strings(key) else { throw missing(key) }
    for (rank, merge) in merges.enumerated() {
      let parts = merge.utf8.split(separator: 0x20, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw FormatError(
          .gguf, "\(location): \(key)[\(rank)]", "not a pair", expected: "two tokens and a space between them",
          got: "\"\(merge)\"")
      }
    }
    return merges.map { .string($0) }
  }

  /// The post-processor that puts a first token before and a last one behind each text; null where the file asks for none.
  private func postProcessor(_ tokens: [String], beginsByDefault: Bool) throws(FormatError) -> JSONNode {
    let first = try surrounding("bos", tokens, isDefault: beginsByDefault, defaultID: 1)
    let last = try surrounding("eos", tokens, isDefault: false, defaultID: 2)
    let all = [first, last].compactMap { $0 }
    guard !all.isEmpty else { return .null }
    func part(_ kind: String, _ id: String, _ type: Int) -> JSONNode {
      let value: JSONNode = ["id": .string(id), "type_id": .int(type)]
      return .object([(kind, value)])
    }
    func sequence(_ id: String, _ type: Int) -> [JSONNode] {
      (first.map { [part("SpecialToken", $0.text, type)] } ?? []) + [part("Sequence", id, type)]
        + (last.map { [part("SpecialToken", $0.text, type)] } ?? [])
    }
    // A file may name one token for both ends.
    let distinct = all.count == 2 && all[0].id == all[1].id ? [all[0]] : all
    let specialTokens = distinct.map { token -> (String, JSONNode) in
      (token.text, ["id": .string(token.text), "ids": [.int(token.id)], "tokens": [.string(token.text)]])
    }
    return [
      "type": "TemplateProcessing", "single": .array(sequence("A", 0)),
      "pair": .array(sequence("A", 0) + sequence("B", 1)), "special_tokens": .object(specialTokens),
    ]
  }

  /// The token that `add_<name>_token` asks for; nil where it does not.
  ///
  /// - Parameter defaultID: SentencePiece's id of it, which a file of that kind need not name.
  private func surrounding(
    _ name: String, _ tokens: [String], isDefault: Bool, defaultID: Int
  ) throws(FormatError) -> (id: Int, text: String)? {
    guard try bool("\(Self.prefix)add_\(name)_token") ?? isDefault else { return nil }
    let key = "\(Self.prefix)\(name)_token_id"
    let model = try string(Self.prefix + "model")
    guard let id = try integer(key) ?? (model == "llama" ? defaultID : nil) else {
      // A byte-level vocabulary has no place for it that the file need not name.
      if try bool("\(Self.prefix)add_\(name)_token") == nil { return nil }
      throw missing(key)
    }
    guard tokens.indices.contains(id) else {
      throw FormatError(
        .gguf, "\(location): \(key)", "no such token", expected: "0 to \(tokens.count - 1)", got: "\(id)")
    }
    return (id, tokens[id])
  }
}
