import Format
import Runtime

/// Conversations to be answered, as the OpenAI API writes them: a list of messages, an object with `messages`, whose
/// other members are variables of the chat template (`tools`), or one of either per line.
struct ConversationFile {
  struct Conversation {
    var messages: [ChatMessage]
    var variables: [(String, JSONNode)] = []
    /// `messages.jsonl: line 3`.
    var location: String
    /// Why it cannot be answered.
    var problem: FormatError?
  }

  /// At least one.
  let conversations: [Conversation]

  /// - Throws: `FormatError` where the file cannot be read or holds no conversations; one that is wrong among lines of
  ///   others has its problem with it.
  init(path: String) throws(FormatError) {
    try self.init(MappedFile(path: path).contents, location: path)
  }

  init(_ bytes: [UInt8], location: String) throws(FormatError) {
    if let document = try? JSONDocument(bytes, location: location) {
      let root = document.root
      // A list of lists or of objects with messages is several conversations.
      let isSeveral = root.isArray && root.elements.allSatisfy { $0.isArray || $0["messages"] != nil }
      var result: [Conversation] = []
      for value in isSeveral ? root.elements : [root] { result.append(try Conversation(value)) }
      conversations = result
    } else {
      var result: [Conversation] = []
      for (i, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
        guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { continue }
        let place = "\(location): line \(i + 1)"
        do {
          result.append(try Conversation(JSONDocument(Array(line), location: place).root))
        } catch {
          result.append(Conversation(messages: [], location: place, problem: error))
        }
      }
      // A file of which no line is one is no list of lines.
      if let first = result.first?.problem, result.allSatisfy({ $0.problem != nil }) { throw first }
      conversations = result
    }
    guard !conversations.isEmpty else {
      throw FormatError(.prompt, location, "no conversations", expected: "a list of messages")
    }
  }
}

extension ConversationFile.Conversation {
  fileprivate init(_ value: JSONValue) throws(FormatError) {
    location = value.location
    let list = value.isObject ? value["messages"] : value
    guard let list, list.isArray, list.count > 0 else {
      throw FormatError(
        .prompt, value.location, "not a conversation", expected: "a list of messages, or an object with \"messages\"",
        got: value.kindDescription)
    }
    messages = []
    for element in list.elements { messages.append(try ChatMessage(element)) }
    for (key, member) in value.members where key != "messages" {
      variables.append((key.description, JSONNode(member)))
    }
  }
}
