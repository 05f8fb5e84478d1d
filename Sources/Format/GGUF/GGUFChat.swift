// tokenizer_config.json from a GGUF file: its chat templates and the special tokens that they and their readers ask for.
extension GGUFContainer {
  private static let prefix = "tokenizer.ggml."

  /// `chat_template`, a text or a list of named ones, with the texts of the special tokens; nil where the file has no
  /// template. `eot_token` and `eom_token` are those that end a turn and a message.
  func chat() throws(FormatError) -> JSONNode? {
    let names = try strings("tokenizer.chat_templates") ?? []
    let main = try string("tokenizer.chat_template").flatMap { $0.isEmpty ? nil : $0 }
    guard main != nil || !names.isEmpty else { return nil }
    var template = main.map(JSONNode.string)
    if !names.isEmpty {
      var list: [JSONNode] = []
      if let main { list.append(["name": "default", "template": .string(main)]) }
      for name in names {
        guard let text = try string("tokenizer.chat_template.\(name)") else {
          throw FormatError(
            .gguf, "\(location): tokenizer.chat_templates", "names a template that is not in the file", got: name)
        }
        list.append(["name": .string(name), "template": .string(text)])
      }
      template = .array(list)
    }
    var members: [(String, JSONNode)] = []
    let keys = [
      ("bos", "bos_token"), ("eos", "eos_token"), ("unknown", "unk_token"), ("padding", "pad_token"),
      ("eot", "eot_token"), ("eom", "eom_token"),
    ]
    let tokens = try strings(Self.prefix + "tokens") ?? []
    for (name, key) in keys {
      let id = try integer("\(Self.prefix)\(name)_token_id")
      if let id, tokens.indices.contains(id) { members.append((key, .string(tokens[id]))) }
    }
    return .object(members + [("chat_template", template ?? .null)])
  }
}
