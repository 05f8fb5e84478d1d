import Testing

@testable import CommandLineTools

@Suite struct ComparisonTests {
  private let comparison = Comparison(base: "one two three", patched: "東京 is\nfar away")

  @Test(arguments: [0, 40])
  func oneUnderTheOtherWhereThereIsNoRoom(_ columns: Int) {
    #expect(
      comparison.text(columns: columns) == "base:\none two three\n\npatched:\n東京 is\nfar away\n\n")
  }

  @Test func sideBySideOnAWideTerminal() {
    func row(_ left: String, _ bar: String, _ right: String) -> String {
      left + String(repeating: " ", count: 38 - left.count) + bar + right
    }
    let expected = [
      row("base:", "   ", "patched:"), row("one two three", " | ", "東京 is"), row("", " | ", "far away"), "", "",
    ]
    #expect(comparison.text(columns: 80) == expected.joined(separator: "\n"))
  }

  @Test func aNarrowTerminalBreaksAtWords() {
    #expect(
      Comparison(base: "one two", patched: "one 東京").text(columns: 6) == "base:\none\ntwo\n\npatched:\none\n東京\n\n")
  }

  @Test func whatDiffersIsColored() {
    let comparison = Comparison(base: "in 東 one", patched: "in 東京 two")
    let paint = Paint(isOn: true)
    let (old, new) = ("in 東\u{1B}[31m one\u{1B}[0m", "in 東\u{1B}[32m京 two\u{1B}[0m")
    #expect(comparison.text(columns: 40, paint: paint) == "base:\n\(old)\n\npatched:\n\(new)\n\n")
    let lines = comparison.text(columns: 80, paint: paint).split(separator: "\n")
    // Nine columns of text fill up to half the width.
    #expect(lines.last == "\(old)\(String(repeating: " ", count: 38 - 9 + 3))\(new)")
    #expect(Comparison(base: "a", patched: "a").text(columns: 80, paint: paint).contains("\u{1B}") == false)
  }

  @Test func wrappingBreaksAtSpacesAndWithinLongWords() {
    #expect(wrapped("a bc def", columns: 4) == ["a bc", "def"])
    #expect(wrapped("abcdefgh i", columns: 3) == ["abc", "def", "gh", "i"])
    #expect(wrapped("東京東京", columns: 5) == ["東京", "東京"])
    #expect(wrapped("", columns: 5) == [""])
    #expect(wrapped("a\n\nb", columns: 5) == ["a", "", "b"])
  }
}
