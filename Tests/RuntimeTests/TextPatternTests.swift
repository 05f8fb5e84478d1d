import Foundation
import Testing

@testable import Format
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

  /// Patterns of published tokenizers and all constructs, by the fixture of make_unicode_fixtures.py.
  @Test func matchesAsTheReference() throws {
    let root = try JSONDocument(path: "\(TokenizerTests.folder)/patterns.json").root
    let texts = try #require(root["texts"]).elements.compactMap(\.string)
    let patterns = try #require(root["patterns"]).members
    #expect(patterns.count > 70 && texts.count > 10)
    for (source, expected) in patterns {
      let pattern = try TextPattern(source.description, location: "")
      for (text, expected) in zip(texts, expected.elements) {
        let bytes = Array(text.utf8)
        var marked: [UInt8] = []
        pattern.forEachPart(in: bytes[...]) { part, isMatch in
          marked += isMatch ? Array("⟦⟧".utf8) : Array(bytes[part])
        }
        #expect(
          Array(String(decoding: marked, as: UTF8.self).utf8) == expected.elements[0].stringBytes, "\(source) \(text)")
        let cuts = SplitBehavior.isolated.split(bytes[...], by: pattern, isInverted: false).map {
          String(decoding: bytes[..<$0.startIndex], as: UTF8.self).unicodeScalars.count
        }
        #expect(cuts == expected.elements[1].elements.compactMap(\.int), "\(source) \(text)")
      }
    }
  }

  /// Neither backtracking nor a run that is tried from each of its characters makes a long text slow.
  @Test func longTextsTakeLinearTime() throws {
    let run = String(repeating: "a", count: 50_000)
    #expect(try parts("a+b|a++c", run).count == 1)
    #expect(try parts("(?:ab|a)+", run).count == 1)
    #expect(try parts(#"\s*[\r\n]+|\s+(?!\S)|\s+"#, String(repeating: " ", count: 50_000) + "x").count == 3)
    let start = ContinuousClock.now
    #expect(try parts("(?:a|a)*(?:a|a)*c", String(repeating: "a", count: 300)).count == 1)
    #expect(ContinuousClock.now - start < .seconds(60))
  }
}
