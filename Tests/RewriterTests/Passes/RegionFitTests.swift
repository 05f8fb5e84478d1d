import Foundation
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Keys from samples of several weights, against fits that say the same at more length.
@Suite struct RegionFitTests {
  private let width = 24
  private let address = SiteAddress(layer: 1, site: .mlp)
  private let common: FloatMatrix
  private let samples: FloatMatrix
  private static let seed: UInt64 = 17

  init() {
    common = .random(9, 24, seed: Self.seed)
    samples = .random(12, 24, seed: Self.seed + 1)
    // What a region is to take in has something in common.
    for i in 0..<4 { for d in 0..<6 { samples.row(i)[d] += 2 } }
  }

  private func rows(_ range: Range<Int>, times: Int = 1) -> [UnsafeMutablePointer<Float>] {
    range.flatMap { [UnsafeMutablePointer](repeating: samples.row($0), count: times) }
  }

  private func keys() -> LeastSquaresKeys {
    LeastSquaresKeys(apartFrom: common, ridge: 3 / LeastSquaresKeys.medianSquare(common), pool: nil)
  }

  private func fit(_ groups: [RegionFit.Group], smallest: Float = 0.05) -> RegionFit? {
    RegionFit(groups, apartFrom: keys(), at: address, smallestFit: smallest, pool: nil)
  }

  private func groups(_ inside: Float, _ outside: Float) -> [RegionFit.Group] {
    [
      .init(samples: rows(0..<4), isInside: true, weight: inside, calibrates: true),
      .init(samples: rows(4..<12), isInside: false, weight: outside),
    ]
  }

  /// A sample of weight k counts as k of them.
  @Test func weightsAreRepetitions() throws {
    let weighted = try #require(fit(groups(3, 2)))
    let repeated = try #require(
      fit([
        .init(samples: rows(0..<4, times: 3), isInside: true, weight: 1, calibrates: true),
        .init(samples: rows(4..<12, times: 2), isInside: false, weight: 1),
      ]))
    #expect(relativeError(weighted.key.direction, repeated.key.direction) < 1e-4, "seed \(Self.seed)")
    // Weights do matter, or the test would show nothing.
    let plain = try #require(fit(groups(1, 1)))
    #expect(relativeError(weighted.key.direction, plain.key.direction) > 1e-2)
  }

  /// What is left out is judged by a fit of all other samples, in the scale of the fit of all.
  @Test func leftOutEqualsTheFitWithout() throws {
    let all = try #require(fit(groups(3, 2)))
    #expect(all.inside.count == 4 && all.outside.count == 8)
    var whole = keys()
    whole.append(FloatMatrix(copying: rows(0..<4), width: width), weight: 3, pool: nil)
    whole.append(FloatMatrix(copying: rows(4..<12), width: width), weight: 2, pool: nil)
    let key = whole.solve(positives: Array(9..<13)).key
    let mean = (0..<4).reduce(Float(0)) { $0 + key.similarity(samples.row($1)) } / 4
    for left in 0..<12 {
      var without = keys()
      let inside = rows(0..<4).enumerated().filter { $0.offset != left }.map(\.element)
      let outside = rows(4..<12).enumerated().filter { $0.offset + 4 != left }.map(\.element)
      without.append(FloatMatrix(copying: inside, width: width), weight: 3, pool: nil)
      without.append(FloatMatrix(copying: outside, width: width), weight: 2, pool: nil)
      let value = without.solve(positives: Array(9..<(9 + inside.count))).key.similarity(samples.row(left)) / mean
      let closed = left < 4 ? all.inside[left] : all.outside[left - 4]
      #expect(abs(value - closed) < 1e-4, "left out \(left): \(value), closed form \(closed), seed \(Self.seed)")
    }
  }

  /// The similarity 1 stands for the mean of the calibrating samples, of whatever weight.
  @Test(arguments: [Float(1), 40])
  func calibratedSamplesAreAtOne(_ weight: Float) throws {
    let made = try #require(fit(groups(weight, 2)))
    let mean = rows(0..<4).reduce(Float(0)) { $0 + made.key.similarity($1) } / 4
    #expect(abs(mean - 1) < 1e-4)
    #expect(made.address == address)
  }

  /// Samples that are not judged are fitted all the same.
  @Test func unjudgedSamplesAreFitted() throws {
    var some = groups(3, 2)
    some[1].isJudged = false
    let (judged, unjudged) = (try #require(fit(groups(3, 2))), try #require(fit(some)))
    // Sums run in another order where other samples come last.
    func areNear(_ a: [Float], _ b: [Float]) -> Bool {
      a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 }
    }
    #expect(areNear(unjudged.key.direction, judged.key.direction))
    #expect(areNear(unjudged.inside, judged.inside) && unjudged.outside.isEmpty)
    #expect(unjudged.distinctness == 0 && judged.distinctness > 0)
    #expect(unjudged.threshold(leavingIn: 0, within: [0.3, 0.8]) == 0.3)
  }

  /// The threshold takes in no more than the share, within its range.
  @Test func theThresholdLeavesOutAllButAShare() throws {
    let made = try #require(fit(groups(3, 2)))
    let nearest = made.outside.sorted(by: >)
    let wide: [Float] = [-10, 10]
    #expect(made.threshold(leavingIn: 0, within: wide) == nearest[0])
    #expect(made.threshold(leavingIn: 0.25, within: wide) == nearest[2])
    #expect(made.threshold(leavingIn: 0.99, within: wide) == nearest[7])
    for share: Float in [0, 0.25, 0.5] {
      let threshold = made.threshold(leavingIn: share, within: wide)
      #expect(Float(made.outside.count { $0 > threshold }) <= share * 8)
    }
    #expect(made.threshold(leavingIn: 0, within: [1.9, 2]) == 1.9)
    #expect(made.threshold(leavingIn: 0, within: [-2, -1.9]) == -1.9)
  }

  /// A scaled key puts the lower end of its region where it was asked for, and no upper one near.
  @Test func aScaledKeyBeginsAtTheThreshold() throws {
    let made = try #require(fit(groups(3, 2)))
    let key = made.key(from: 0.4, boundary: 0.8, hardness: 6, strength: 0.97)
    let region = MemoryRegion(key: key, boundary: 0.8, hardness: 6)
    for sample in rows(0..<12) {
      let similarity = made.key.similarity(sample)
      #expect(abs(region.similarity(of: sample, to: key) - 0.5 * similarity) < 1e-4)
    }
    #expect(abs(region.strength(similarity: 0.5 * 0.4) - Float(exp(-1.0))) < 1e-3)
    #expect(region.strength(similarity: 0.5 * 3) > 0.99 && region.strength(similarity: 0) == 0)
    // Where the threshold is too high for what should be inside, the region begins earlier.
    let wide = made.key(from: 0.9, boundary: 0.8, hardness: 6, strength: 0.97)
    let region2 = MemoryRegion(key: wide, boundary: 0.8, hardness: 6)
    #expect(rows(0..<2).allSatisfy { region2.strength(of: $0, to: wide) >= 0.969 })
  }

  @Test func distinctnessIsADistanceOfMeans() throws {
    let made = try #require(fit(groups(3, 2)))
    func statistics(_ values: [Float]) -> (mean: Double, deviation: Double) {
      let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
      let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
      return (mean, (squares / Double(values.count)).squareRoot())
    }
    let (a, b) = (statistics(made.inside), statistics(made.outside))
    let expected = (a.mean - b.mean) / (a.deviation + b.deviation + 1e-3)
    #expect(abs(Double(made.distinctness) - expected) < 1e-3)
    // Samples that have more in common are more distinct.
    for i in 0..<4 { for d in 0..<6 { samples.row(i)[d] += 4 } }
    #expect(try #require(fit(groups(3, 2))).distinctness > made.distinctness)
  }

  /// A region does not act at all on what is listed, however near the key prompts it lies, and takes those in.
  @Test func listedSamplesAreSilent() throws {
    let settings = CompilerSettings()
    var (narrowed, inEdge) = (0, 0)
    for part in stride(from: Float(0), through: 0.9, by: 0.005) {
      // Something of the samples inside in another one.
      let listed = FloatMatrix(copying: [samples.row(8)], width: width)
      for d in 0..<width { listed.row(0)[d] += part * samples.row(1)[d] }
      let near = RegionFit.Group(samples: [listed.row(0)], isInside: false, weight: 0.001, isListed: true)
      let made = try #require(fit(groups(30, 1) + [near]))
      let bounds = made.bounds(from: 0.1, hardness: settings.regionHardness, settings: settings)
      func bounded(_ threshold: Float, _ boundary: Float) -> (region: MemoryRegion, key: [Float]) {
        let key = made.key(
          from: threshold, boundary: boundary, hardness: settings.regionHardness, strength: settings.fullStrength)
        return (MemoryRegion(key: key, boundary: boundary, hardness: settings.regionHardness), key)
      }
      let (region, key) = bounded(bounds.threshold, bounds.boundary)
      #expect(region.strength(of: listed.row(0), to: key) == 0, "\(part), seed \(Self.seed)")
      // The soft edge alone reaches a sample that lies far enough below where the region begins.
      let usual = bounded(0.1, settings.regionBoundary)
      let isFar = made.key.similarity(listed.row(0)) * settings.listedMargin < 0.1
      if isFar, usual.region.strength(of: listed.row(0), to: usual.key) > 0 { inEdge += 1 }
      #expect((0..<4).allSatisfy { region.strength(of: samples.row($0), to: key) > 0.96 }, "\(part)")
      if bounds.threshold > 0.1 { narrowed += 1 } else { #expect(bounds.boundary == settings.regionBoundary) }
    }
    #expect(narrowed > 5 && inEdge > 0)
  }

  /// Samples to be taken in that are those to be left out have no key.
  @Test func nothingInCommonIsNoFit() {
    let same = [
      RegionFit.Group(samples: rows(4..<6), isInside: true, weight: 1, calibrates: true),
      RegionFit.Group(samples: rows(4..<6, times: 60), isInside: false, weight: 1),
    ]
    #expect(fit(same) == nil)
    #expect(fit([.init(samples: [], isInside: true, weight: 1, calibrates: true)]) == nil)
    #expect(fit(groups(3, 2), smallest: 0.999) == nil)
  }

  /// One huge sample, such as a first token, does not move the median.
  @Test func theMedianOfSquares() {
    let matrix = FloatMatrix(5, 2)
    for (i, values) in [[3, 4], [1, 0], [1e4, 0], [0, 2], [0, 3]].enumerated() as EnumeratedSequence<[[Float]]> {
      matrix.row(i).update(from: values, count: 2)
    }
    #expect(LeastSquaresKeys.medianSquare(matrix) == 9)
    matrix.row(2)[0] = 1e8
    #expect(LeastSquaresKeys.medianSquare(matrix) == 9)
  }

  /// Every address has its result, in their order, side by side or not.
  @Test(arguments: [1, 3])
  func addressesAreWorkedOnSideBySide(_ threads: Int) {
    let addresses = (0..<20).map { SiteAddress(layer: $0, site: .attn) }
    let results = WorkerPool(threads: threads).each(of: addresses) { $0.layer % 3 == 0 ? nil : 2 * $0.layer }
    #expect(results == (0..<20).filter { $0 % 3 != 0 }.map { 2 * $0 })
  }
}
