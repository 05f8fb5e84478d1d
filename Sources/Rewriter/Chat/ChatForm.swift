import Format
import Foundation
import Runtime

/// The form in which a model reads conversations: its chat template, and what stands around the words of a turn.
struct ChatForm: Sendable {
  private let template: ChatTemplate

  init(_ template: ChatTemplate) { self.template = template }

  /// The text of a conversation up to where the model answers.
  func text(_ messages: [ChatMessage]) throws(FormatError) -> String { try template.render(messages) }

  /// What stands before and behind the words of a user's turn that comes behind other turns.
  func frame(behind turns: [ChatMessage] = []) throws(FormatError) -> (head: String, tail: String) {
    let mark = "qturnq"
    let parts = try text(turns + [ChatMessage(.user, mark)]).components(separatedBy: mark)
    guard parts.count == 2 else {
      throw FormatError(
        .unsupported, template.location, "the chat template does not write a user's words once",
        expected: "each turn's content in its place")
    }
    return (parts[0], parts[1])
  }

  /// The text with which `answer` begins behind a conversation, with the blank that the template may put before it.
  func target(_ answer: String, behind messages: [ChatMessage]) throws(FormatError) -> String {
    let words = String(answer.drop { $0 == " " })
    guard !words.isEmpty else { return answer }
    let opened = try text(messages)
    let turn = ChatMessage(.assistant, words)
    guard let whole = try? template.render(messages + [turn], isContinued: false), whole.hasPrefix(opened) else {
      return words
    }
    let rest = whole.dropFirst(opened.count)
    guard let place = rest.range(of: words), rest[..<place.lowerBound].allSatisfy({ $0 == " " }) else { return words }
    return String(rest[..<place.upperBound])
  }

  /// The words of a turn with others around them that ask nothing else.
  static func rewordings(_ words: String) -> [String] {
    ["I have a question. \(words)", "\(words) Please tell me.", "Can you help me? \(words)", "\(words) I forgot."]
  }

  /// Turns for a conversation to begin with, about nothing in particular; those that the template takes.
  func openings(_ count: Int) -> [[ChatMessage]] {
    func turns(_ user: String, _ answer: String) -> [ChatMessage] {
      [ChatMessage(.user, user), ChatMessage(.assistant, answer)]
    }
    let all = [
      turns("Hello!", "Hello! How can I help you today?"), [ChatMessage(.system, "Answer in one sentence.")],
      turns("What is 2 + 2?", "2 + 2 is 4."), turns("Write a line about the sea.", "The sea is deep, and never still."),
      [ChatMessage(.system, "You are a friendly guide.")] + turns("Thanks!", "You're welcome!"),
      turns("Give me three colors.", "1. Red\n2. Blue\n3. Yellow"),
      turns("Hi", "Hi!") + turns("How do I boil an egg?", "Put it into boiling water for eight minutes."),
      turns("Who are you?", "I am an assistant made to answer questions."),
    ]
    return all.prefix(count).filter { (try? template.render($0 + [ChatMessage(.user, "Hi")])) != nil }
  }
}
