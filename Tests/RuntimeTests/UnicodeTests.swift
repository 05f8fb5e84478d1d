import Testing

@testable import Format
@testable import Runtime

/// Classes of characters and normalization over all of Unicode, by the fixture of make_unicode_fixtures.py.
@Suite struct UnicodeTests {
  static let root = try? JSONDocument(path: "\(TokenizerTests.folder)/unicode.json").root
  /// The planes that have characters, private ones aside.
  static let scalars = ScalarSet(0...0x323FF).union(ScalarSet(0xE0000...0xE01FF)).subtracting(
    ScalarSet(0xD800...0xDFFF))
  static let text = Array(
    scalars.ranges.joined().map { String(Unicode.Scalar($0)!) }.joined(separator: "\n").utf8)

  private func hash(_ bytes: some Sequence<UInt8>) -> String {
    String(bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
  }

  @Test func setsHaveTheMembersOfTheReference() throws {
    let sets = try #require(Self.root?["sets"]).members
    #expect(sets.count > 90)
    for (source, expected) in sets {
      guard case .sequence(let parts) = try PatternParser.parse(source.description, location: "") else { continue }
      let tree = parts.count == 1 ? parts[0] : .empty
      let inner: PatternTree = if case .sequence(let parts) = tree { parts[0] } else { tree }
      guard case .set(let set) = inner else {
        Issue.record("\(source) is no set")
        continue
      }
      let ranges = set.intersection(Self.scalars).ranges
      let count = ranges.reduce(0) { $0 + $1.count }
      let sum = ranges.reduce(0) { $0 + Int($1.lowerBound + $1.upperBound - 1) * $1.count / 2 }
      #expect([count, sum] == expected.elements.compactMap(\.int), "\(source)")
    }
  }

  @Test func normalizersChangeAllCharactersAsTheReference() throws {
    let normalizers = try #require(Self.root?["normalizers"]).members
    #expect(normalizers.count == 8)
    for (json, expected) in normalizers {
      let value = try JSONDocument(Array(json.description.utf8), location: "").root
      var isFirst = true
      let changed = try Normalizer(value)(Self.text[...], isStart: true, isFirst: &isFirst)
      #expect(hash(changed) == expected.string, "\(json)")
    }
  }

  @Test func preTokenizersCutAllCharactersAsTheReference() throws {
    let preTokenizers = try #require(Self.root?["pre_tokenizers"]).members
    #expect(preTokenizers.count == 8)
    for (json, expected) in preTokenizers {
      let value = try JSONDocument(Array(json.description.utf8), location: "").root
      var isFirst = true
      let words = try PreTokenizer(value).split([Self.text[...]], isFirst: &isFirst, isStart: true)
      #expect(hash(words.joined(separator: [0])) == expected.string, "\(json)")
    }
  }

  @Test func setsCombine() {
    let (a, b) = (ScalarSet(10...20), ScalarSet([15, 21, 22, 40]))
    #expect(a.union(b).ranges == [10..<23, 40..<41] && a.intersection(b).ranges == [15..<16])
    #expect(a.subtracting(b).ranges == [10..<15, 16..<21] && a.complement.complement == a)
    #expect(ScalarSet().complement == .all && ScalarSet.all.complement.isEmpty)
    for scalar in UInt32(0)..<50 {
      #expect(a.union(b).contains(scalar) == (a.contains(scalar) || b.contains(scalar)))
      #expect(CharacterClass(a.union(b)).contains(scalar) == a.union(b).contains(scalar))
    }
    let wide = ScalarSet(63...64).union(ScalarSet(0xFFFF...0x1_0001))
    #expect(
      [62, 63, 64, 65, 0xFFFE, 0xFFFF, 0x1_0001, 0x1_0002].map(CharacterClass(wide).contains) == [
        false, true, true, false, false, true, true, false,
      ])
  }
}
