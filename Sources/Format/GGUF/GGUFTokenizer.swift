/// tokenizer.json from the `tokenizer.ggml.` keys.
extension GGUFContainer {
  private static let prefix = "tokenizer.ggml."

  /// A byte-level BPE as the `tokenizers` library serialises it.
  ///
  /// - Throws: `FormatError` for another model or pre-tokenizer, and for lists that do not fit each other.
  func tokenizer() throws(FormatError) -> JSONNode {
    let model = try string(Self.prefix + "model")
    guard model == "gpt2" else {
      throw FormatError(
        .gguf, "\(place): \(Self.prefix)model", "the tokenizer is not supported",
        expected: "gpt2 (byte-level BPE)", got: model ?? "nothing")
    }
    let preTokenizer = try preTokenizer()
    let tokens = try tokens()
    return [
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": try addedTokens(tokens),
      "normalizer": .null, "pre_tokenizer": preTokenizer, "post_processor": try postProcessor(tokens),
      "decoder": Self.byteLevel(addPrefixSpace: true),
      "model": [
        "type": "BPE", "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null,
        "end_of_word_suffix": .null, "fuse_unk": false, "byte_fallback": false,
        "vocab": .object(tokens.enumerated().map { ($0.element, .int($0.offset)) }),
        "merges": .array(try merges()),
      ],
    ]
  }

  private static func byteLevel(addPrefixSpace: Bool) -> JSONNode {
    [
      "type": "ByteLevel", "add_prefix_space": .bool(addPrefixSpace), "trim_offsets": true, "use_regex": true,
    ]
  }

  private func preTokenizer() throws(FormatError) -> JSONNode {
    let space = try bool(Self.prefix + "add_space_prefix") ?? false
    switch try string(Self.prefix + "pre") {
    case nil, "default", "gpt-2": return Self.byteLevel(addPrefixSpace: space)
    case "smollm":
      guard !space else {
        throw FormatError(
          .gguf, "\(place): \(Self.prefix)add_space_prefix", "not supported with the pre-tokenizer smollm",
          expected: "false", got: "true")
      }
      return [
        "type": "Sequence",
        "pretokenizers": [
          ["type": "Digits", "individual_digits": true], Self.byteLevel(addPrefixSpace: false),
        ],
      ]
    case let other?:
      throw FormatError(
        .gguf, "\(place): \(Self.prefix)pre", "the pre-tokenizer is not supported",
        expected: "smollm, gpt-2 or default", got: other)
    }
  }

  /// The tokens by id, all different.
  private func tokens() throws(FormatError) -> [String] {
    let key = Self.prefix + "tokens"
    guard let tokens = try strings(key) else { throw missing(key) }
    if let rows = tensors["token_embd.weight"]?.shape.first, tokens.count > rows {
      throw FormatError(
        .gguf, "\(place): \(key)", "more tokens than rows of the embedding", expected: "at most \(rows)",
        got: "\(tokens.count)")
    }
    var seen = Set<ByteString>(minimumCapacity: tokens.count)
    for (id, token) in tokens.enumerated() where !seen.insert(ByteString(token)).inserted {
      throw FormatError(.gguf, "\(place): \(key)[\(id)]", "the token \(token) stands twice")
    }
    return tokens
  }

  /// Control tokens (type 3) are special, user-defined ones (type 4) added but not special.
  private func addedTokens(_ tokens: [String]) throws(FormatError) -> JSONNode {
    let key = Self.prefix + "token_type"
    guard let types = try integers(key) else { return [] }
    guard types.count == tokens.count else {
      throw FormatError(
        .gguf, "\(place): \(key)", "not one for each token", expected: "\(tokens.count)",
        got: "\(types.count)")
    }
    var added: [JSONNode] = []
    for (id, type) in types.enumerated() {
      guard 1...6 ~= type else {
        throw FormatError(
          .gguf, "\(place): \(key)[\(id)]", "unknown type of token", expected: "1 to 6", got: "\(type)")
      }
      guard type == 3 || type == 4 else { continue }
      guard !tokens[id].isEmpty else {
        throw FormatError(.gguf, "\(place): \(Self.prefix)tokens[\(id)]", "a special token is empty")
      }
      added.append([
        "id": .int(id), "content": .string(tokens[id]), "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": .bool(type == 3),
      ])
    }
    return .array(added)
  }

  /// Pairs of tokens in the order of their ranks, each spelled with one space between the two.
  private func merges() throws(FormatError) -> [JSONNode] {
    let key = Self.prefix + "merges"
    guard let merges = try strings(key) else { throw missing(key) }
    for (rank, merge) in merges.enumerated() {
      let parts = merge.utf8.split(separator: 0x20, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw FormatError(
          .gguf, "\(place): \(key)[\(rank)]", "not a pair", expected: "two tokens and a space between them",
          got: "\"\(merge)\"")
      }
    }
    return merges.map { .string($0) }
  }

  /// Puts the first token before and the last one after each text where the file asks for that, else null.
  private func postProcessor(_ tokens: [String]) throws(FormatError) -> JSONNode {
    let first = try surrounding("bos", tokens)
    let last = try surrounding("eos", tokens)
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
  private func surrounding(
    _ name: String, _ tokens: [String]
  ) throws(FormatError) -> (id: Int, text: String)? {
    guard try bool("\(Self.prefix)add_\(name)_token") == true else { return nil }
    let key = "\(Self.prefix)\(name)_token_id"
    guard let id = try integer(key) else { throw missing(key) }
    guard tokens.indices.contains(id) else {
      throw FormatError(
        .gguf, "\(place): \(key)", "no such token", expected: "0 to \(tokens.count - 1)", got: "\(id)")
    }
    return (id, tokens[id])
  }
}
