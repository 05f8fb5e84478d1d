/// A file that stands beside a checkpoint and travels inside a patched file.
public enum CompanionFile: String, CaseIterable, Sendable {
  case config = "config.json"
  case tokenizer = "tokenizer.json"
  case tokenizerConfig = "tokenizer_config.json"
  case generationConfig = "generation_config.json"
  case chatTemplate = "chat_template.jinja"
  case chatTemplateJSON = "chat_template.json"

  /// The name of the U8 tensor that holds the file's bytes.
  public var tensorName: ByteString { ByteString("embedded.\(rawValue)") }
}
