import Format

/// A turn of a conversation, as the OpenAI API writes it: a role, a content, and what else a template may read
/// (`tool_calls`, `reasoning_content`, `name`).
public struct ChatMessage: Sendable {
  public enum Role: String, Sendable { case system, user, assistant }

  /// The members in their order; those that are null are left out, as transformers leaves them out.
  let members: [(String, JSONNode)]

  public init(_ role: Role, _ content: String) {
    members = [("role", .string(role.rawValue)), ("content", .string(content))]
  }

  /// An answer whose thoughts stand apart from what it says.
  public init(answer: String, reasoning: String?) {
    let thoughts = reasoning.map { [("reasoning_content", JSONNode.string($0))] } ?? []
    members = [("role", "assistant"), ("content", .string(answer))] + thoughts
  }

  /// - Parameter json: an object with a `role`.
  /// - Throws: `FormatError` of kind `prompt` for anything else.
  public init(_ json: JSONValue) throws(FormatError) {
    guard json.isObject, json["role"]?.string != nil else {
      throw FormatError(
        .prompt, json.location, "not a message", expected: "an object with \"role\" and \"content\"",
        got: json.kindDescription)
    }
    if case .object(let all) = JSONNode(json) {
      members = all.filter { if case .null = $0.1 { false } else { true } }
    } else {
      members = []
    }
  }

  public var role: String { text("role") }
  /// The text of the content; of a content in parts, the parts that are text.
  public var content: String { text("content") }

  private func text(_ key: String) -> String {
    switch members.first(where: { $0.0 == key })?.1 {
    case .string(let text): text
    case .array(let parts):
      parts.map { part in
        guard case .object(let members) = part, case .string(let text) = members.first(where: { $0.0 == "text" })?.1
        else { return "" }
        return text
      }.joined()
    default: ""
    }
  }

  /// The message as JSON.
  public var json: JSONNode { .object(members) }

  /// What a template reads. Thoughts go by each of the names that templates know them by.
  var value: TemplateValue {
    let thoughts = ["reasoning_content", "thinking", "reasoning"].lazy.compactMap { key in
      members.first { $0.0 == key }?.1
    }.first
    guard let thoughts else { return TemplateValue(json) }
    let others = members.filter { $0.0 != "reasoning_content" }
    let alias = others.contains { $0.0 == "thinking" } ? [] : [("thinking", thoughts)]
    return TemplateValue(.object(alias + others + [("reasoning_content", thoughts)]))
  }
}
