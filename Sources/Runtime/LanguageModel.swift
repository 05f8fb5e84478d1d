import Format

/// A checkpoint ready to run: tokenizer, transformer and the memories of the file.
///
///     let model = try LanguageModel(path: "patched.safetensors")
///     let ids = try model.encode("The capital city of Nepal is located in")
///     print(model.tokenizer.decode(model.generate(ids, maxTokens: 8).ids))
public final class LanguageModel {
  public let checkpoint: Checkpoint
  public let tokenizer: Tokenizer
  public let transformer: Transformer
  /// The file's memories, applied unless a call is given others.
  public let memories: MemorySet
  /// Tokens that end a text.
  public let endTokens: Set<Int>

  /// - Parameters:
  ///   - path: a file or folder that `Checkpoint` opens.
  ///   - threads: nil for one per processor.
  ///   - dtype: the dtype that tensors of a `.gguf` file are converted to.
  /// - Throws: `FormatError` where anything in the file is missing, malformed or not supported.
  public convenience init(path: String, threads: Int? = nil, dtype: Dtype? = nil) throws(FormatError) {
    try self.init(Checkpoint(path: path, dtype: dtype), pool: WorkerPool(threads: threads))
  }

  public convenience init(_ checkpoint: Checkpoint, pool: WorkerPool) throws(FormatError) {
    do throws(FormatError) {
      try self.init(loading: checkpoint, pool: pool)
    } catch { throw checkpoint.inSourceTerms(error) }
  }

  private init(loading checkpoint: Checkpoint, pool: WorkerPool) throws(FormatError) {
    self.checkpoint = checkpoint
    guard !checkpoint.isSidecar else {
      throw FormatError(
        .notACheckpoint, checkpoint.path, "holds memories without their base",
        expected: "the base, and this file with run --memory or rewrite --merge")
    }
    transformer = try Transformer.load(checkpoint, pool: pool)
    guard let json = checkpoint.companion(.tokenizer) else {
      throw FormatError(
        .tokenizer, checkpoint.path, "no tokenizer.json inside the file or beside it",
        expected: "a Hugging Face tokenizer.json")
    }
    tokenizer = try Tokenizer(json: json, location: checkpoint.location(of: .tokenizer))
    guard tokenizer.vocabularySize <= transformer.shape.vocabulary else {
      throw FormatError(
        .tokenizer, checkpoint.location(of: .tokenizer), "has ids beyond the model's vocabulary",
        expected: "at most \(transformer.shape.vocabulary) ids", got: "\(tokenizer.vocabularySize)")
    }
    memories = try MemorySet(checkpoint.memories, for: transformer)
    endTokens = try Self.endTokens(checkpoint)
  }

  /// What is wrong with the checkpoint and changes nothing, a line each.
  public var warnings: [String] { transformer.warnings }

  private var defaultTemplate: ChatTemplate?

  /// The checkpoint's chat template.
  ///
  /// - Throws: `FormatError` where there is none, or none that is supported.
  package func chatTemplate() throws(FormatError) -> ChatTemplate {
    if let defaultTemplate { return defaultTemplate }
    let template = try ChatTemplate(checkpoint, tokenizer: tokenizer)
    defaultTemplate = template
    return template
  }

  /// The lowest end token: the start of a text for models without a begin token.
  package var textEnd: Int { endTokens.filter { 0..<transformer.shape.vocabulary ~= $0 }.min() ?? 0 }

  /// Token ids of a prompt.
  ///
  /// - Parameters:
  ///   - addSpecialTokens: false for a text that contains its special tokens.
  ///   - location: where the prompt stands, for errors; nil names the checkpoint.
  /// - Throws: `FormatError` of kind `prompt` where there is no token, an id beyond the vocabulary, or more
  ///   tokens than the model has positions for.
  public func encode(
    _ text: String, addSpecialTokens: Bool = true, location: String? = nil
  ) throws(FormatError) -> [Int] {
    let location = location ?? checkpoint.path
    let ids = tokenizer.encode(text, addSpecialTokens: addSpecialTokens)
    guard !ids.isEmpty else {
      throw FormatError(.prompt, location, "the prompt is empty", expected: "at least one token")
    }
    if let unknown = ids.first(where: { $0 >= transformer.shape.vocabulary }) {
      throw FormatError(
        .prompt, location, "the prompt has a token that the model does not know",
        expected: "ids below \(transformer.shape.vocabulary)",
        got: "\(unknown), \(tokenizer.text(of: unknown).debugDescription)")
    }
    guard ids.count <= transformer.shape.positions else {
      throw FormatError(
        .prompt, location, "the prompt is too long",
        expected: "at most \(transformer.shape.positions) tokens",
        got: "\(ids.count)")
    }
    return ids
  }

  /// `eos_token_id` of generation_config.json, else of config.json.
  private static func endTokens(_ checkpoint: Checkpoint) throws(FormatError) -> Set<Int> {
    if let tokens = try checkpoint.endTokens(in: .generationConfig) { return tokens }
    return try checkpoint.endTokens(in: .config) ?? []
  }
}
