import Format
import Foundation
import Runtime

extension RunSession {
  /// Writes the conversation, its system message first, as a list of messages.
  ///
  /// - Returns: the number of messages.
  /// - Throws: `FormatError` of kind `exists` for a file that is there, `unwritable`.
  func save(to path: String) throws(FormatError) -> Int {
    guard access(path, F_OK) != 0 else {
      throw FormatError(.exists, path, "the file exists already", expected: "a name of its own")
    }
    let system = options.system.map { [ChatMessage(.system, $0)] } ?? []
    let messages = (system + conversation).map(\.json)
    try writeFile(JSONNode.array(messages).bytes(pretty: true) + [0x0A], to: path)
    return messages.count
  }

  /// Goes on with a conversation of a file, in place of this one.
  ///
  /// - Throws: `FormatError`; the conversation is as it was then.
  mutating func load(_ path: String) throws(FormatError) {
    let conversations = try ConversationFile(path: path).conversations
    guard conversations.count == 1 else {
      throw FormatError(.prompt, path, "not one conversation", got: "\(conversations.count)")
    }
    if let problem = conversations[0].problem { throw problem }
    var messages = conversations[0].messages
    options.system = messages.first?.role == "system" ? messages.removeFirst().content : nil
    conversation = messages
  }
}
