import Format
import Foundation
import SystemCalls

/// A reader of lines typed at a terminal, with editing where the terminal allows it.
final class LineReader {
  enum Line { case text(String), end, interrupted }

  private let console: Console
  private var editor = LineEditor()

  init(_ console: Console) { self.console = console }

  /// - Parameter sign: the text in front of the line.
  func read(sign: String) -> Line {
    guard console.canEditLines, system_edit_terminal() else {
      console.writeError(sign)
      return console.readLine().map(Line.text) ?? .end
    }
    // Pasted text arrives between marks, which tell its line breaks from the return key.
    console.writeError("\u{1B}[?2004h")
    defer {
      console.writeError("\u{1B}[?2004l\n")
      system_restore_terminal()
    }
    show(sign)
    while true {
      var byte: UInt8 = 0
      let count = Foundation.read(STDIN_FILENO, &byte, 1)
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count == 1 else { return .end }
      switch editor.take(byte) {
      case .pending: break
      case .changed: show(sign)
      case .screenCleared:
        console.writeError("\u{1B}[H\u{1B}[2J")
        show(sign)
      case .line(let line): return .text(line)
      case .end: return .end
      case .interrupted: return .interrupted
      }
    }
  }

  private func show(_ sign: String) {
    let columns = Console.terminalColumns(STDERR_FILENO)
    let (text, cursor) = editor.visible(columns: (columns > 0 ? columns : 80) - sign.columns)
    let column = sign.columns + cursor
    console.writeError("\r\(sign)\(text)\u{1B}[K\r" + (column > 0 ? "\u{1B}[\(column)C" : ""))
  }
}
