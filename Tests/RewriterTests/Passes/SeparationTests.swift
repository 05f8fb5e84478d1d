import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The boundary that follows from similarities, for the hardness that a row has.
@Suite struct SeparationTests {
  private static func separation(
    _ positives: [Float], _ others: [Float], boundary: Float? = nil, share: Float = 1, hardness: Float
  ) -> Separation {
    Separation(
      positives: positives, others: others, leftOut: [], boundary: boundary, usual: 0.4, share: share,
      hardness: hardness, settings: CompilerSettings())
  }

  /// A share of the way to the nearest other sample is taken, unless the positives need more or the usual one is nearer.
  @Test func aShareOfTheRoomIsLeft() {
    func boundary(_ positives: [Float], _ others: [Float], share: Float) -> Float {
      Self.separation(positives, others, share: share, hardness: 64).boundary
    }
    let most = boundary([0.98], [0.7, 0.1], share: 1)
    #expect(most > 0.25 && most < 0.3)
    #expect(abs(boundary([0.98], [0.7, 0.1], share: 0.85) - 0.85 * most) < 1e-6)
    let least = boundary([0.74], [0.7, 0.1], share: 0.5)
    #expect(least > 0.5 * most + 0.05 && least <= most && least == boundary([0.74], [0.7, 0.1], share: 0.6))
    #expect(boundary([0.98], [0.1], share: 0.85) == 0.4)
  }

  /// Where the compiler calls a region separate, no other sample is acted on and every positive nearly at full strength.
  @Test(arguments: [1, 1.5, 2, 3, 5, 8, 13, 40] as [Float])
  func noOtherSampleIsInsideASeparateRegion(_ hardness: Float) {
    let seed: UInt64 = 17
    var random = SeededGenerator(seed: seed)
    var separate = 0
    for round in 0..<400 {
      // A low hardness leaves room only for positives very near to the key.
      let share = Float.random(in: 0...1, using: &random)
      let (nearest, farthest) = (1 - 0.3 * share * share * share, Float.random(in: 0...0.9, using: &random))
      let positives = (0..<5).map { _ in Float.random(in: nearest...1.1, using: &random) }
      let others = (0..<20).map { _ in Float.random(in: -0.3...farthest, using: &random) }
      let pinned: Float? = round % 4 == 0 ? Float.random(in: 0.05...0.8, using: &random) : nil
      let separation = Self.separation(positives, others, boundary: pinned, hardness: hardness)
      guard separation.separates else { continue }
      separate += 1
      func strength(_ similarity: Float) -> Float {
        MemoryRegion.strength(similarity: similarity, boundary: separation.boundary, hardness: hardness)
      }
      #expect(others.allSatisfy { strength($0) == 0 }, "seed \(seed), round \(round): \(separation)")
      #expect(
        positives.filter { $0 <= 1 }.allSatisfy { strength($0) >= 0.96 }, "seed \(seed), round \(round): \(separation)")
    }
    #expect(separate > 10)
  }

  /// Between the reach at 0.35 from the others and the positives, the post's hardness leaves less room than 8 does.
  @Test func aTailReachesFartherAtALowHardness() {
    let wide = Self.separation([1], [0.65], hardness: 8)
    let narrow = Self.separation([1], [0.65], hardness: 3)
    #expect(wide.separates && narrow.separates)
    #expect(abs(wide.boundary - 0.35 / 1.18) < 1e-6 && abs(narrow.boundary - 0.35 / 1.55) < 1e-6)
    // Farther apart, the usual boundary does.
    #expect(Self.separation([1], [0.2], hardness: 3).boundary == 0.4)
  }

  /// The spec's boundary is judged, not replaced.
  @Test func aPinnedBoundaryIsJudged() {
    #expect(Self.separation([1], [0.5], boundary: 0.3, hardness: 3).separates)
    #expect(!Self.separation([1], [0.5], boundary: 0.4, hardness: 3).separates)
    #expect(Self.separation([1], [0.5], boundary: 0.4, hardness: 8).separates)
    #expect(Self.separation([1], [0.5], boundary: 0.4, hardness: 3).boundary == 0.4)
  }

  /// With the post's hardness pinned, a compiled memory acts on no token of a negative that its key tells apart.
  @Test func aCompiledRegionKeepsItsNegativesOut() throws {
    let (reach, full) = (Separation.reach(3), Separation.fullPart(3, strength: CompilerSettings().fullStrength))
    var separate = 0
    for name in TinyModel.all {
      let result = try compile(
        TinyModel.checkpoint(name), SpecText.auto("a", extra: #","hardness":3,"token":"last""#))
      let row = result.compiled[0].rows[0]
      #expect(row.hardness == 3)
      guard
        let separation = result.compiled[0].considered.first(where: \.isChosen)?.separation,
        let highest = separation.highestOutside, (1 - separation.lowestInside) / full <= (1 - max(0, highest)) / reach
      else { continue }
      separate += 1
      #expect(row.boundary * reach <= (1 - max(0, highest)) * 1.0001, "\(name)")
      #expect(
        result.results[0].prompts.filter { !$0.role.isPositive }.allSatisfy { !$0.fired && $0.isIdentical }, "\(name)")
    }
    #expect(separate > 0, "no tiny model's key tells the negatives apart")
  }
}
