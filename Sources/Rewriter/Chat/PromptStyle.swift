import Format
import Runtime

/// How the prompts of a memory become texts: they are texts themselves, or what a user says in a conversation.
enum PromptStyle: Sendable {
  case text
  /// - conversations: the whole conversations of prompts that have more turns than one.
  case chat(ChatForm, conversations: [ByteString: [ChatMessage]])

  var isChat: Bool { if case .chat = self { true } else { false } }

  /// The conversation that ends in a prompt.
  func messages(_ prompt: String) -> [ChatMessage] {
    if case .chat(_, let conversations) = self, let messages = conversations[ByteString(prompt)] { return messages }
    return [ChatMessage(.user, prompt)]
  }

  /// The text of a prompt.
  ///
  /// - Throws: `FormatError` where the chat template refuses the conversation.
  func text(_ prompt: String) throws(FormatError) -> String {
    guard case .chat(let form, _) = self else { return prompt }
    return try form.text(messages(prompt))
  }

  /// The text that follows that of `prompt`: the target, as the template begins an answer with it.
  func target(_ target: String, behind prompt: String) throws(FormatError) -> String {
    guard case .chat(let form, _) = self else { return target }
    return try form.target(target, behind: messages(prompt))
  }

  /// Token ids of a text of this style; a conversation contains its special tokens.
  func encode(_ text: String, _ tokenizer: Tokenizer) -> [Int] {
    tokenizer.encode(text, addSpecialTokens: !isChat)
  }

  /// Token ids of a prompt, as `LanguageModel.encode` gives them.
  func encode(
    prompt: String, _ model: LanguageModel, location: String? = nil
  ) throws(FormatError) -> [Int] {
    try model.encode(try text(prompt), addSpecialTokens: !isChat, location: location)
  }
}

extension LanguageModel {
  /// The style of a spec's prompts.
  ///
  /// - Throws: `FormatError` where they are a chat's and the model has no chat template that is supported.
  func style(of spec: MemorySpec) throws(FormatError) -> PromptStyle {
    guard spec.isChat else { return .text }
    return .chat(ChatForm(try chatTemplate()), conversations: spec.conversations)
  }

  /// The style of a memory's prompts, as the entry tells it that the file keeps.
  func style(of memory: Memory) throws(FormatError) -> PromptStyle {
    guard memory.isChat else { return .text }
    let document = try? JSONDocument(memory.entry.bytes(), location: checkpoint.path)
    let spec = document.flatMap { try? MemorySpec($0.root) }
    return .chat(ChatForm(try chatTemplate()), conversations: spec?.conversations ?? [:])
  }

  /// Token ids of the prompt that a memory was made from.
  func encode(promptOf memory: Memory) throws(FormatError) -> [Int] {
    try style(of: memory).encode(prompt: memory.prompt, self)
  }
}

extension LanguageModel {
  /// Token ids of a prompt.
  ///
  /// - Parameter style: how prompts that do not say so themselves become texts.
  /// - Throws: `FormatError` of kind `prompt`, located where the prompt stands, for one that the model cannot take.
  func encode(_ prompt: PromptFile.Prompt, in style: PromptStyle = .text) throws(FormatError) -> [Int] {
    if let problem = prompt.problem { throw problem }
    var style = style
    if let own = prompt.conversations { style = .chat(ChatForm(try chatTemplate()), conversations: own) }
    return try style.encode(prompt: prompt.text, self, location: prompt.location)
  }
}
