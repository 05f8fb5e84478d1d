import Format

/// A line being typed, as a state machine over the bytes that a terminal sends.
///
/// The keys are those of readline: arrows, home, end, delete, backspace, control with A B D E F H K L N P U W, and
/// bracketed paste, whose line breaks become spaces.
struct LineEditor {
  enum Event: Equatable {
    /// The line is to be drawn again.
    case changed
    /// The byte is part of something longer, or means nothing.
    case pending
    case line(String)
    /// Control-D on an empty line.
    case end
    /// Control-C.
    case interrupted
    case screenCleared
  }

  /// The text on both sides of the cursor.
  private(set) var before = ""
  private(set) var after = ""
  /// The lines typed so far, the latest last.
  private(set) var history: [String] = []

  /// The index of the line that is shown in the history; its count for the line being typed, which `draft` keeps.
  private var index = 0
  private var draft = ""
  private var state = State.ground
  private var isPasting = false
  private var bytes: [UInt8] = []

  private enum State { case ground, scalar(count: Int), escape, sequence }

  var text: String { before + after }
  /// The number of characters before the cursor.
  var cursor: Int { before.count }

  mutating func take(_ byte: UInt8) -> Event {
    switch state {
    case .ground: return takeFirst(byte)
    case .scalar(let count):
      guard byte & 0xC0 == 0x80 else {
        // Not UTF-8: the bytes so far are dropped, and this one begins a character.
        state = .ground
        return takeFirst(byte)
      }
      bytes.append(byte)
      guard bytes.count == count else { return .pending }
      state = .ground
      guard let text = String(validating: bytes, as: UTF8.self) else { return .pending }
      return insert(text)
    case .escape:
      bytes = []
      state = byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O") ? .sequence : .ground
      return .pending
    case .sequence:
      // Parameters come before the byte that names the key.
      bytes.append(byte)
      guard 0x40...0x7E ~= byte || bytes.count > 16 else { return .pending }
      state = .ground
      return takeKey(String(decoding: bytes, as: UTF8.self))
    }
  }

  private mutating func takeFirst(_ byte: UInt8) -> Event {
    switch byte {
    case 0x1B:
      state = .escape
      return .pending
    case 0x20..<0x7F: return insert(String(UnicodeScalar(byte)))
    case 0xC2...0xF4:
      bytes = [byte]
      state = .scalar(count: byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4)
      return .pending
    case 0x80...: return .pending
    default: return isPasting ? pasteControl(byte) : takeControl(byte)
    }
  }

  private mutating func pasteControl(_ byte: UInt8) -> Event {
    byte == 0x09 || byte == 0x0A || byte == 0x0D ? insert(" ") : .pending
  }

  private mutating func takeControl(_ byte: UInt8) -> Event {
    // Control with a letter sends the letter's number in the alphabet.
    switch UnicodeScalar(byte | 0x60) {
    case "a": return move { $0.moveToStart() }
    case "b": return move { $0.moveLeft() }
    case "c": return .interrupted
    case "d":
      if text.isEmpty { return .end }
      return move { $0.deleteForward() }
    case "e": return move { $0.moveToEnd() }
    case "f": return move { $0.moveRight() }
    case "h", "\u{7F}": return move { $0.deleteBackward() }
    case "j", "m": return finish()
    case "k": return move { $0.after = "" }
    case "l": return .screenCleared
    case "n": return recall(index + 1)
    case "p": return recall(index - 1)
    case "u": return move { $0.before = "" }
    case "w": return move { $0.deleteWord() }
    default: return .pending
    }
  }

  private mutating func takeKey(_ name: String) -> Event {
    switch name {
    case "200~": isPasting = true
    case "201~": isPasting = false
    case "A": return recall(index - 1)
    case "B": return recall(index + 1)
    case "C": return move { $0.moveRight() }
    case "D": return move { $0.moveLeft() }
    case "H", "1~", "7~": return move { $0.moveToStart() }
    case "F", "4~", "8~": return move { $0.moveToEnd() }
    case "3~": return move { $0.deleteForward() }
    default: break
    }
    return .pending
  }

  private mutating func move(_ body: (inout LineEditor) -> Void) -> Event {
    body(&self)
    return .changed
  }

  private mutating func insert(_ text: String) -> Event {
    before += text
    return .changed
  }

  private mutating func finish() -> Event {
    let line = text
    if !line.isEmpty, history.last != line { history.append(line) }
    (before, after, draft, index) = ("", "", "", history.count)
    return .line(line)
  }

  /// Shows another line of the history, the cursor at its end.
  private mutating func recall(_ other: Int) -> Event {
    guard 0...history.count ~= other else { return .pending }
    if index == history.count { draft = text }
    index = other
    (before, after) = (other == history.count ? draft : history[other], "")
    return .changed
  }
}

extension LineEditor {
  private mutating func moveToStart() { (before, after) = ("", text) }
  private mutating func moveToEnd() { (before, after) = (text, "") }
  private mutating func moveLeft() { if let last = before.popLast() { after = String(last) + after } }
  private mutating func moveRight() { if !after.isEmpty { before.append(after.removeFirst()) } }
  private mutating func deleteBackward() { _ = before.popLast() }
  private mutating func deleteForward() { if !after.isEmpty { after.removeFirst() } }

  private mutating func deleteWord() {
    while before.last == " " { before.removeLast() }
    while let last = before.last, last != " " { before.removeLast() }
  }

  /// The part of the line that fits on one row of `columns`, which always holds the cursor, and the cursor's column.
  func visible(columns: Int) -> (text: String, cursor: Int) {
    let room = max(columns - 1, 1)
    var (left, used) = (Substring(before), before.columns)
    while used > room { used -= left.removeFirst().columns }
    var (shown, width) = (String(left), used)
    for character in after {
      width += character.columns
      if width > room { break }
      shown.append(character)
    }
    return (shown, used)
  }
}
