import Format
import Rewriter
import Runtime

/// What a model is asked: a prompt to be continued, or a conversation to be answered.
struct Question {
  /// The prompt, or what was said last.
  var prompt: String
  /// Empty for a prompt that is continued as it is.
  var messages: [ChatMessage] = []
  /// What the chat template reads beside the messages.
  var variables: [(String, JSONNode)] = []
}

/// A question as the model reads it.
struct EncodedQuestion {
  var question: Question
  /// The text; nil where it is the prompt.
  var rendered: String?
  var ids: [Int]
}

/// Questions in their order, each with where it stands: lines of an input, or the conversations of a file.
struct QuestionSource {
  enum Next {
    case question(Question, location: String)
    /// One that is none.
    case problem(FormatError, shown: String)
    /// Not there yet.
    case nothing
    case end
  }

  /// - Parameter waits: false for a question only if it is there already.
  let next: (_ waits: Bool) throws -> Next

  /// The lines of standard input that are not blank.
  init(linesOf console: Console, for session: RunSession) {
    next = { waits in
      while true {
        switch try console.input.next(waits: waits) {
        case .line(let line):
          if line.isBlank { continue }
          let prompt = PromptFile.Prompt(line, of: "standard input")
          if let problem = prompt.problem { return .problem(problem, shown: prompt.text) }
          return .question(session.question(prompt.text), location: prompt.location)
        case .nothing: return .nothing
        case .end: return .end
        }
      }
    }
  }

  init(_ file: ConversationFile) {
    var rest = file.conversations[...]
    next = { _ in
      guard let conversation = rest.popFirst() else { return .end }
      if let problem = conversation.problem { return .problem(problem, shown: "") }
      return .question(conversation.question, location: conversation.location)
    }
  }
}

extension ConversationFile.Conversation {
  var question: Question {
    Question(prompt: messages.last?.content ?? "", messages: messages, variables: variables)
  }
}
