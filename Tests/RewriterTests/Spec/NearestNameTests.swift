import Testing

@testable import Rewriter

/// The known name that a misspelled one was meant to be.
@Suite struct NearestNameTests {
  @Test(arguments: [
    ("", "", 0), ("abc", "abc", 0), ("abc", "", 3), ("abc", "abd", 1), ("abc", "acb", 1), ("abcd", "abd", 1),
    ("kitten", "sitting", 3), ("ca", "abc", 3), ("é", "e", 1),
  ])
  func distance(_ a: String, _ b: String, _ expected: Int) {
    #expect(editDistance(a, b) == expected)
    #expect(editDistance(b, a) == expected)
  }

  @Test(arguments: [
    ("postives", "positives"), ("Layer", "layer"), ("bound", "boundary"), ("targt", "target"),
    ("target_token", "target_tokens"), ("targetTokens", "target_tokens"), ("heldout", "held_out"),
  ])
  func nearest(_ name: String, _ expected: String) {
    #expect(nearestName(to: name, among: SpecSettings.requiredKeys + SpecSettings.optionalKeys) == expected)
  }

  @Test(arguments: ["", "zzz", "strength", String(repeating: "layer", count: 1000)])
  func nothingNear(_ name: String) {
    #expect(nearestName(to: name, among: SpecSettings.optionalKeys) == nil)
  }
}
