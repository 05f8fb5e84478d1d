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
    let gap = String(repeating: " ", count: 39 - 13 + 2)
    let expected = [
      "base:" + String(repeating: " ", count: 39 - 5 + 2) + "patched:", "one two three" + gap + "東京 is",
      String(repeating: " ", count: 41) + "far away", "", "",
    ]
    #expect(comparison.text(columns: 80) == expected.joined(separator: "\n"))
  }

  @Test func wrappingBreaksAtSpacesAndWithinLongWords() {
    #expect(wrapped("a bc def", columns: 4) == ["a bc", "def"])
    #expect(wrapped("abcdefgh i", columns: 3) == ["abc", "def", "gh", "i"])
    #expect(wrapped("東京東京", columns: 5) == ["東京", "東京"])
    #expect(wrapped("", columns: 5) == [""])
    #expect(wrapped("a\n\nb", columns: 5) == ["a", "", "b"])
  }
}
