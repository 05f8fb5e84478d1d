import Format
import Runtime

// What a spec says of chat: `chat`, `as`, and prompts that are conversations.
extension JSONValue {
  /// A prompt: a text, or an object with the messages of a conversation, whose prompt is their transcript.
  ///
  /// - Parameter conversations: takes up the messages by their transcript.
  func prompt(_ conversations: inout [ByteString: [ChatMessage]]) throws(FormatError) -> String {
    guard isObject else { return try nonEmptyString() }
    try rejectUnknownKeys(known: ["messages"])
    let list = try required("messages")
    var messages: [ChatMessage] = []
    do {
      for element in list.elements { messages.append(try ChatMessage(element)) }
    } catch {
      throw FormatError(.spec, error.location, error.problem, expected: error.expected, got: error.got)
    }
    guard let last = messages.last, last.role != "assistant" else {
      throw list.mismatch("not a conversation to be answered", expected: "messages of which the last is the user's")
    }
    let words =
      messages.count == 1
      ? last.content : messages.map { "\($0.role): \($0.content)" }.joined(separator: " / ")
    guard !words.isEmpty else { throw list.mismatch("says nothing", expected: "a content") }
    conversations[ByteString(words)] = messages
    return words
  }

  /// Prompts as `prompt` reads them.
  func prompts(_ conversations: inout [ByteString: [ChatMessage]]) throws(FormatError) -> [String] {
    guard isArray, elements.contains(where: \.isObject) else { return try nonEmptyStrings() }
    var result: [String] = []
    for element in elements { result.append(try element.prompt(&conversations)) }
    return result
  }

  /// The styles of `as`: text, chat or both.
  func styles() throws(FormatError) -> (text: Bool, chat: Bool) {
    let words = try nonEmptyStrings()
    guard !words.isEmpty, words.allSatisfy({ $0 == "text" || $0 == "chat" }) else {
      throw mismatch("wrong value", expected: #"an array of "text", "chat" or both"#)
    }
    return (words.contains("text"), words.contains("chat"))
  }

  func flag() throws(FormatError) -> Bool {
    guard let bool else { throw mismatch("wrong value", expected: "true or false") }
    return bool
  }
}

extension MemorySpec {
  /// The memories that one entry of a spec asks for: itself, or, with both styles in `as`, one for text and one for chat,
  /// whose name ends in `-chat`.
  static func all(_ entry: JSONValue, defaults: JSONValue? = nil) throws(FormatError) -> [MemorySpec] {
    let spec = try MemorySpec(entry, defaults: defaults)
    guard let value = entry["as"] ?? defaults?["as"] else { return [spec] }
    guard entry["chat"] == nil, defaults?["chat"] == nil || entry["as"] != nil else {
      throw FormatError(.spec, value.location, "stands beside \"chat\"", expected: "one of the two")
    }
    let styles = try value.styles()
    var result: [MemorySpec] = []
    if styles.text { result.append(spec.styled(chat: false, name: spec.name)) }
    if styles.chat { result.append(spec.styled(chat: true, name: styles.text ? spec.name + "-chat" : spec.name)) }
    for spec in result { try spec.rejectUnchatted(entry) }
    return result
  }

  /// The memory in one style, with entries that say so.
  private func styled(chat: Bool, name: String) -> MemorySpec {
    var result = self
    (result.isChat, result.name) = (chat, name)
    func rewritten(_ node: JSONNode) -> JSONNode {
      guard case .object(let members) = node else { return node }
      let kept = members.filter { $0.0 != "as" && $0.0 != "chat" }.map { $0.0 == "name" ? ("name", .string(name)) : $0 }
      return .object(kept + (chat ? [("chat", true)] : []))
    }
    (result.entry, result.completeEntry) = (rewritten(entry), rewritten(completeEntry))
    return result
  }

  /// Checks that what only one style has is not asked of the other.
  func rejectUnchatted(_ entry: JSONValue) throws(FormatError) {
    if !isChat, let words = conversations.keys.first {
      throw FormatError(
        .spec, entry.location, "a prompt of messages stands in a memory that is not for chat",
        expected: "\"chat\": true", got: quoted(words.description))
    }
    if isChat, prefixes != .auto {
      throw FormatError(
        .spec, entry["prefixes"]?.location ?? entry.location, "a chat has no prefixes",
        expected: "prompts of several messages")
    }
  }
}
