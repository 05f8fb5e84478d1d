import Testing

@testable import Runtime

/// Matches of regular expressions.
@Suite struct TextPatternTests {
  private func parts(_ pattern: String, _ text: String) throws -> [String] {
    let text = Array(text.utf8)
    return SplitBehavior.isolated.split(text[...], by: try TextPattern(pattern, location: ""), isInverted: false).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// Alternatives in their order, the longest runs first, shorter ones where the rest does not match otherwise.
  @Test func matchesAsOniguruma() throws {
    #expect(try parts("a|ab", "abab") == ["a", "b", "a", "b"])
    #expect(try parts("a*ab", "xaaab") == ["x", "aaab"])
    #expect(try parts("a*+ab", "xaaab") == ["xaaab"])
    #expect(try parts("(?:a|ab)?c", "abcac") == ["abc", "ac"])
    #expect(try parts("[^a-cé]+", "abxyéz") == ["ab", "xy", "é", "z"])
    #expect(try parts("(?i:ks)", "KSkſ\u{212A}sk") == ["KS", "kſ", "\u{212A}s", "k"])
    #expect(try parts("é{2}", "ééé") == ["éé", "é"])
    #expect(try parts("^x|y$", "x\nxy\nyx") == ["x", "\n", "x", "y", "\nyx"])
    #expect(try parts("a(?=b)|(?!a)c", "abac") == ["a", "ba", "c"])
    // Each shorter run lets the next begin anew: without memory of failures this would take years.
    let hostile = String(repeating: "a*", count: 12) + "b"
    #expect(try parts(hostile, String(repeating: "a", count: 200)).count == 1)
    #expect(try parts("x*", "axx") == ["a", "xx"])
    #expect(try parts(#"[\]\-\x{41}]+"#, "a]-Ab") == ["a", "]-A", "b"])
  }
}
