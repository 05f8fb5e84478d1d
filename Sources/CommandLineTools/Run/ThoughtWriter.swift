import Format
import Runtime

/// A writer of an answer whose thoughts stand apart: on a terminal in another color before it, else on standard error.
struct ThoughtWriter {
  private enum State {
    /// What came may still turn out to be the mark that opens the thoughts.
    case beginning, thinking, answering
  }

  private let marks: ThinkingMarks
  private let console: Console
  private let isQuiet: Bool
  private var state: State
  /// Text that is not written yet.
  private var held = ""

  /// - Parameter prompt: the text before the answer, at whose end thoughts may have begun.
  init(_ marks: ThinkingMarks, behind prompt: String, on console: Console, isQuiet: Bool) {
    (self.marks, self.console, self.isQuiet) = (marks, console, isQuiet)
    state = marks.isOpen(atEndOf: prompt) ? .thinking : .beginning
  }

  mutating func write(_ piece: String) throws {
    held += piece
    if state == .beginning {
      let start = held.drop { $0.isWhitespace }
      if start.hasPrefix(marks.open) {
        state = .thinking
        held = String(start.dropFirst(marks.open.count))
      } else if !marks.open.hasPrefix(start) {
        state = .answering
      }
    }
    if state == .thinking { try think() }
    if state == .answering {
      try console.writeModelText(held)
      held = ""
    }
  }

  /// Writes thoughts up to the mark that closes them; what may be its beginning is held back.
  private mutating func think() throws {
    if let end = held.firstRange(of: marks.close) {
      try tell(String(held[..<end.lowerBound]))
      held = String(held[end.upperBound...].drop { $0.isNewline })
      try endThoughts()
    } else {
      let kept = (1..<max(1, marks.close.count)).last { held.hasSuffix(marks.close.prefix($0)) } ?? 0
      try tell(String(held.dropLast(kept)))
      held = String(held.suffix(kept))
    }
  }

  private func tell(_ thoughts: String) throws {
    guard !thoughts.isEmpty else { return }
    if console.outputIsTerminal {
      try console.write(console.paint(.auto)(console.safe(thoughts), .cyan))
    } else if !isQuiet {
      console.writeError(thoughts)
    }
  }

  private mutating func endThoughts() throws {
    state = .answering
    if console.outputIsTerminal { try console.write("\n") } else if !isQuiet { console.writeError("\n") }
  }

  /// Writes what is held back at the end.
  mutating func finish() throws {
    switch state {
    case .beginning: try console.writeModelText(held)
    case .thinking:
      try tell(held)
      try endThoughts()
    case .answering: break
    }
    held = ""
  }
}
