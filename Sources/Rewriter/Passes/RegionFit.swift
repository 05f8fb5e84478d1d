import Kernels
import Runtime

/// Part of pass 3: a key at one site from samples of several weights, with how well it tells them apart.
struct RegionFit {
  /// Samples of one kind.
  struct Group {
    var samples: [UnsafeMutablePointer<Float>]
    /// Whether the region should take them in.
    var isInside: Bool
    /// What each one counts; a common sample counts 1.
    var weight: Float
    /// Whether how well it is told from others is judged by a fit without it.
    var isJudged = true
    /// Whether the similarity 1 stands for the mean of these.
    var calibrates = false
  }

  let address: SiteAddress
  let key: LinearKey
  /// Leave-one-out similarities of the judged samples inside and outside.
  let inside: [Float]
  let outside: [Float]
  /// The lowest similarity of the samples that 1 stands for the mean of.
  let lowest: Float
  /// The distance of the two means in standard deviations.
  let distinctness: Float

  /// - Returns: nil where the samples have nothing in common.
  init?(
    _ groups: [Group], apartFrom common: LeastSquaresKeys, at address: SiteAddress, smallestFit: Float,
    pool: WorkerPool?
  ) {
    let width = common.width
    var keys = common
    var inside: [Int] = []
    var judged: [Int] = []
    for group in groups where !group.samples.isEmpty {
      let own = keys.count..<(keys.count + group.samples.count)
      keys.append(FloatMatrix(copying: group.samples, width: width), weight: group.weight, pool: pool)
      if group.isInside { inside += own }
      if group.isJudged { judged += own }
    }
    var (key, leftOut) = keys.solve(positives: inside, judged: judged)
    let fitted = groups.filter(\.calibrates).flatMap(\.samples).map { key.similarity($0) }
    let mean = fitted.reduce(0, +) / Float(max(1, fitted.count))
    guard mean > smallestFit, mean.isFinite else { return nil }
    key.calibrate(mean: mean)
    leftOut = leftOut.map { $0 / mean }
    let positives = Set(inside)
    self.address = address
    self.key = key
    lowest = (fitted.min() ?? mean) / mean
    self.inside = zip(judged, leftOut).filter { positives.contains($0.0) }.map(\.1)
    outside = zip(judged, leftOut).filter { !positives.contains($0.0) }.map(\.1)
    distinctness = Self.distance(self.inside, outside)
  }

  /// The similarity above which all but a share of the judged samples outside lie below it, within a range.
  func threshold(leavingIn share: Float, within range: [Float]) -> Float {
    guard !outside.isEmpty else { return range[0] }
    let nearest = outside.sorted(by: >)
    let allowed = min(nearest.count - 1, Int(share * Float(nearest.count)))
    return min(range[1], max(range[0], nearest[allowed]))
  }

  /// The key, scaled so that a region of the given boundary begins at a similarity and reaches far above 1: what asks more
  /// clearly than the key prompts asks all the same.
  /// The region takes in whatever 1 stands for the mean of, where that is above 0.
  func key(from threshold: Float, boundary: Float) -> [Float] {
    var key = key
    let least = lowest > 0 ? min(threshold, Self.inside * lowest) : threshold
    key.calibrate(mean: least / (1 - boundary))
    return key.values
  }

  /// The part of a similarity at which a region is to begin, for its strength there to be nearly full.
  private static let inside: Float = 0.7

  private static func distance(_ a: [Float], _ b: [Float]) -> Float {
    guard !a.isEmpty, !b.isEmpty else { return 0 }
    func statistics(_ values: [Float]) -> (mean: Float, deviation: Float) {
      let mean = values.reduce(0, +) / Float(values.count)
      let squares = values.reduce(Float(0)) { $0 + ($1 - mean) * ($1 - mean) }
      return (mean, (squares / Float(values.count)).squareRoot())
    }
    let (x, y) = (statistics(a), statistics(b))
    return (x.mean - y.mean) / (x.deviation + y.deviation + 1e-3)
  }
}

extension WorkerPool {
  /// What `body` makes of each address, side by side; `body` may use no pool.
  func each<Result>(of addresses: [SiteAddress], _ body: (SiteAddress) -> Result?) -> [Result] {
    withoutActuallyEscaping(body) { body in
      var results = [Result?](repeating: nil, count: addresses.count)
      results.withUnsafeMutableBufferPointer { results in
        run(addresses.count, AddressLoop(addresses: addresses, results: results.baseAddress!, body: body))
      }
      return results.compactMap(\.self)
    }
  }
}

private struct AddressLoop<Result>: ParallelLoop {
  let addresses: [SiteAddress]
  let results: UnsafeMutablePointer<Result?>
  let body: (SiteAddress) -> Result?

  func run(_ index: Int) { results[index] = body(addresses[index]) }
}
