import Foundation
import Format
import Runtime

/// The files of a folder for Hugging Face transformers: the base as transformers names its tensors, a sidecar of the
/// memories, configuration and tokenizer, and the program that applies the memories.
struct TransformersFolder {
  private static let memories = "local.memory.safetensors"
  private static let program = "local_memory.py"
  private static let weights = "model.safetensors"

  private let model: LanguageModel
  /// Under the names that transformers has.
  private let checkpoint: Checkpoint

  init(_ model: LanguageModel) {
    self.model = model
    checkpoint = model.transformer.published.renamed(model.checkpoint)
  }

  /// Writes the folder, which appears whole or not at all.
  ///
  /// - Throws: `FormatError` of kind `exists` or `unwritable`, and of kind `json` for a tokenizer_config.json that
  ///   is damaged.
  func write(to output: String, replacing: Bool, _ progress: ProgressLine) throws(FormatError) {
    let tokenizer = try tokenizerConfiguration()
    let folder = try PendingFolder(at: output)
    do throws(FormatError) {
      try checkpoint.writeBase(to: folder.path(of: Self.weights)) {
        progress.tell(StepProgress("writing", $0, of: $1))
      }
      try checkpoint.writeSidecar(
        memories: checkpoint.memories, to: folder.path(of: Self.memories),
        baseHash: checkpoint.identity(progress: progress.tell))
      for file in CompanionFile.allCases {
        if let bytes = checkpoint.companion(file) { try writeFile(bytes, to: folder.path(of: file.rawValue)) }
      }
      try writeFile(configuration.bytes(pretty: true), to: folder.path(of: CompanionFile.config.rawValue))
      try writeFile(tokenizer.bytes(pretty: true), to: folder.path(of: CompanionFile.tokenizerConfig.rawValue))
      try writeFile(PackageResources.local_memory_py, to: folder.path(of: Self.program))
    } catch {
      // What the folder is filled with has other names until then.
      throw error.kind == .unwritable ? FormatError(.unwritable, output, error.problem) : error
    }
    try folder.commit(replacing: replacing)
  }

  /// Checks, before any work is done, that the folder may be written: nothing is there, or a folder of this kind that may be
  /// replaced and holds none of the files that the model is read from.
  ///
  /// - Throws: `FormatError` of kind `exists`, `unwritable` or `sameFile`.
  func check(_ output: String, replacing: Bool) throws(FormatError) {
    let inside = URL(fileURLWithPath: output).resolvingSymlinksInPath().path
    for source in checkpoint.sources {
      let path = URL(fileURLWithPath: source).resolvingSymlinksInPath().path
      guard path != inside, !path.hasPrefix(inside + "/") else {
        throw FormatError(.sameFile, output, "the model is read from there")
      }
    }
    let objection: ([String]) -> String? = { names in
      names.isEmpty || names.contains(Self.program) ? nil : "holds no \(Self.program)"
    }
    try FolderOutput(at: output, objection: replacing ? objection : nil).check()
  }

  /// config.json, which names the program.
  private var configuration: JSONNode {
    let fields = model.transformer.published.configuration.filter { $0.0 != "auto_map" }
    return .object(fields + [("auto_map", ["AutoModelForCausalLM": "local_memory.LocalMemoryModel"])])
  }

  /// tokenizer_config.json, without programs of the base's own: they are not in the folder, and tokenizer.json says it all.
  private func tokenizerConfiguration() throws(FormatError) -> JSONNode {
    var fields: [(String, JSONNode)] = []
    if let bytes = checkpoint.companion(.tokenizerConfig) {
      let root = try JSONDocument(bytes, location: checkpoint.location(of: .tokenizerConfig)).root
      fields = root.members.map { ($0.key.description, JSONNode($0.value)) }
    }
    if fields.contains(where: { $0.0 == "auto_map" }) {
      fields.removeAll { ["auto_map", "tokenizer_class"].contains($0.0) }
    }
    func add(_ key: String, _ value: String) {
      if !fields.contains(where: { $0.0 == key }) { fields.append((key, .string(value))) }
    }
    add("tokenizer_class", "PreTrainedTokenizerFast")
    // Its ends, by which other programs part texts and fill up batches.
    if let end = model.endTokens.filter(model.tokenizer.isSpecial).min() {
      add("eos_token", model.tokenizer.text(of: end))
    }
    if let start = model.tokenizer.startIDs.first, model.tokenizer.isSpecial(start) {
      add("bos_token", model.tokenizer.text(of: start))
    }
    return .object(fields)
  }
}
