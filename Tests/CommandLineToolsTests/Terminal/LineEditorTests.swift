import Testing

@testable import CommandLineTools

@Suite struct LineEditorTests {
  @discardableResult
  private func type(_ keys: String, into editor: inout LineEditor) -> LineEditor.Event {
    var last = LineEditor.Event.pending
    for byte in keys.utf8 { last = editor.take(byte) }
    return last
  }

  @Test(arguments: [
    ("abc", "abc", 3), ("abc\u{1B}[D", "abc", 2), ("abc\u{1B}[D\u{1B}[Dx", "axbc", 2), ("abc\u{1B}[Hx", "xabc", 1),
    ("abc\u{1}x\u{5}y", "xabcy", 5), ("abc\u{1}\u{1B}[3~", "bc", 0), ("abc\u{7F}\u{8}", "a", 1),
    ("a b  \u{17}", "a ", 2), ("abc\u{2}\u{15}", "c", 0), ("abc\u{1}\u{6}\u{B}", "a", 1), ("東京\u{1B}OD日", "東日京", 2),
    ("e\u{301}x\u{7F}\u{7F}", "", 0), ("👩‍🚀!\u{1B}[D\u{1B}[D", "👩‍🚀!", 0), ("ab\u{1}\u{4}", "b", 0),
    ("\u{1B}[200~a\rb\tc\u{3}\u{1B}[201~d", "a b cd", 6), ("\u{1B}[C\u{1B}[5~\u{1B}xa", "a", 1),
  ])
  func keys(_ keys: String, _ text: String, _ cursor: Int) {
    var editor = LineEditor()
    type(keys, into: &editor)
    #expect(editor.text == text && editor.cursor == cursor)
  }

  @Test func endsOfALine() {
    var editor = LineEditor()
    #expect(type("\u{4}", into: &editor) == .end)
    #expect(type("ab\u{3}", into: &editor) == .interrupted)
    #expect(type("\u{1B}[D\r", into: &editor) == .line("ab") && editor.text.isEmpty)
    #expect(type("\n", into: &editor) == .line(""))
  }

  @Test func historyKeepsTheLineBeingTyped() {
    var editor = LineEditor()
    type("one\rtwo\rtwo\r\r", into: &editor)
    #expect(editor.history == ["one", "two"])
    type("dra\u{1B}[A", into: &editor)
    #expect(editor.text == "two" && editor.cursor == 3)
    type("\u{10}\u{10}\u{1B}[A", into: &editor)
    #expect(editor.text == "one")
    type("\u{1B}[B\u{E}\u{1B}[B", into: &editor)
    #expect(editor.text == "dra")
  }

  @Test func bytesThatAreNotUTF8AreDropped() {
    var editor = LineEditor()
    for byte: UInt8 in [0x61, 0xFF, 0x80, 0xE2, 0x82, 0x62, 0xED, 0xA0, 0x80, 0xC3, 0xA9] { _ = editor.take(byte) }
    #expect(editor.text == "abé")
  }

  @Test func theCursorStaysInTheWindow() {
    var editor = LineEditor()
    type("0123456789", into: &editor)
    #expect(editor.visible(columns: 6) == ("56789", 5))
    type("\u{1}", into: &editor)
    #expect(editor.visible(columns: 6) == ("01234", 0))
    type("\u{15}\u{B}東京東京", into: &editor)
    #expect(editor.visible(columns: 6) == ("東京", 4))
  }
}
