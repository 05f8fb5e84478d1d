import Format
import Foundation

// Each family writes what its published templates write, up to the opening of the assistant's next turn.
extension ChatTemplate {
  /// The text of a conversation up to where the model continues it.
  ///
  /// The text contains its begin token: encode it without adding special tokens.
  ///
  /// - Parameters:
  ///   - messages: a system message or none, then user and assistant by turns.
  ///   - today: the date, for templates that contain it.
  /// - Throws: `FormatError` of kind `prompt` for a system message where the template takes none.
  public func render(_ messages: [ChatMessage], today: Date = Date()) throws(FormatError) -> String {
    if messages.first?.role == .system, !takesSystem {
      throw FormatError(
        .prompt, "--system", "the model's \(family.rawValue) chat template takes no system message")
    }
    switch family {
    case .chatML: return chatML(messages)
    case .llama3: return llama3(messages, today)
    case .mistral: return mistral(messages)
    case .gemma: return gemma(messages)
    }
  }

  private var takesSystem: Bool {
    switch family {
    case .chatML, .llama3: true
    case .mistral: source.contains("system_message")
    case .gemma: source.contains("first_user_prefix")
    }
  }

  private func chatML(_ messages: [ChatMessage]) -> String {
    var messages = messages
    if messages.first?.role != .system, let text = defaultSystem { messages.insert(ChatMessage(.system, text), at: 0) }
    let dropsThoughts = source.contains("</think>")
    return messages.map { message in
      var content = message.content
      if dropsThoughts, message.role == .assistant, let thought = content.range(of: "</think>", options: .backwards) {
        content = String(content[thought.upperBound...].drop { $0 == "\n" })
      }
      return "<|im_start|>\(message.role.rawValue)\n\(content)<|im_end|>\n"
    }.joined() + "<|im_start|>assistant\n"
  }

  /// The system message that the template writes where none is given, a literal in the template.
  private var defaultSystem: String? {
    for newline in ["\\n", "\n"] {
      let opening = "<|im_start|>system" + newline
      for part in source.components(separatedBy: opening).dropFirst() {
        guard let end = part.range(of: "<|im_end|>") else { continue }
        let text = part[..<end.lowerBound]
        if !text.isEmpty, !text.contains(where: { "'\"{}".contains($0) }) { return String(text) }
      }
    }
    return nil
  }

  private func llama3(_ messages: [ChatMessage], _ today: Date) -> String {
    var messages = messages
    if source.contains("Cutting Knowledge Date") {
      // Llama 3.1's template has a fixed date, 3.2's the day's.
      let date = source.contains("strftime_now") ? Self.dayMonthYear(today) : "26 Jul 2024"
      var system = ""
      if messages.first?.role == .system { system = Self.trimmed(messages.removeFirst().content) }
      messages.insert(ChatMessage(.system, ""), at: 0)
      let head = "Cutting Knowledge Date: December 2023\nToday Date: \(date)\n\n"
      return beginToken + header("system") + head + system + "<|eot_id|>" + turns(messages.dropFirst())
        + header("assistant")
    }
    return beginToken + turns(messages[...]) + header("assistant")
  }

  private func header(_ role: String) -> String { "<|start_header_id|>\(role)<|end_header_id|>\n\n" }

  private func turns(_ messages: ArraySlice<ChatMessage>) -> String {
    messages.map { header($0.role.rawValue) + Self.trimmed($0.content) + "<|eot_id|>" }.joined()
  }

  /// Mistral's versions differ in the spaces around marks, and in the turn that takes the system message: the last of
  /// the user (v3) or the first.
  private func mistral(_ messages: [ChatMessage]) -> String {
    var messages = messages
    let system = messages.first?.role == .system ? messages.removeFirst().content : nil
    let lead = source.contains("' [INST]") || source.contains("\" [INST]") ? " " : ""
    let opening = lead + (source.contains("[INST] ") ? "[INST] " : "[INST]")
    let closing = source.contains(" [/INST]") ? " [/INST]" : "[/INST]"
    let leadsAnswer = source.contains("' ' + message") || source.contains("\" \" + message")
    let trimsAnswer = source.contains("message[\"content\"]|trim") || source.contains("message['content']|trim")
    let foldsLast = source.contains("loop.last and system_message")
    let folded = foldsLast ? messages.lastIndex { $0.role == .user } : messages.firstIndex { $0.role == .user }
    return beginToken
      + messages.enumerated().map { i, message in
        if message.role == .assistant {
          let content = trimsAnswer ? Self.trimmed(message.content) : message.content
          return (leadsAnswer ? " " : "") + content + endToken
        }
        let prefix = i == folded ? system.map { $0 + "\n\n" } ?? "" : ""
        return opening + prefix + message.content + closing
      }.joined()
  }

  private func gemma(_ messages: [ChatMessage]) -> String {
    var messages = messages
    var prefix = messages.first?.role == .system ? messages.removeFirst().content + "\n\n" : ""
    var text = beginToken
    for message in messages {
      let role = message.role == .assistant ? "model" : "user"
      text += "<start_of_turn>\(role)\n\(prefix)\(Self.trimmed(message.content))<end_of_turn>\n"
      prefix = ""
    }
    return text + "<start_of_turn>model\n"
  }

  /// `text` as Jinja's `trim` leaves it.
  private static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespacesAndNewlines) }

  private static func dayMonthYear(_ date: Date) -> String {
    let parts = Calendar(identifier: .gregorian).dateComponents([.year, .month, .day], from: date)
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let day = parts.day ?? 1
    return "\(day < 10 ? "0" : "")\(day) \(months[(parts.month ?? 1) - 1]) \(parts.year ?? 0)"
  }
}
