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
    /// Whether the region has to end before these, whatever else it would take in.
    var isListed = false
    /// Whether these alone decide where the region begins.
    var decides = false
  }

  let address: SiteAddress
  private(set) var key: LinearKey
  /// Leave-one-out similarities of the judged samples inside and outside.
  private(set) var inside: [Float] = []
  private(set) var outside: [Float] = []
  /// The similarities of the samples that 1 stands for the mean of.
  private(set) var fitted: [Float] = []
  /// The distance of the two means in standard deviations.
  private(set) var distinctness: Float = 0

  private var keys: LeastSquaresKeys
  /// Leave-one-out similarities of the samples outside that decide where the region begins; none where all do.
  private var deciding: [Float] = []
  private var deciders: Set<Int> = []
  /// The numbers of samples that the region should take in, and of those that are judged.
  private var positives: [Int]
  private var judged: [Int] = []
  /// The samples that 1 stands for the mean of: [n, D].
  private let calibrating: FloatMatrix
  /// The samples that the region has to end before: [n, D].
  private let listed: FloatMatrix
  private let smallestFit: Float

  /// - Parameter positives: samples of `common` that the region should take in too.
  /// - Returns: nil where the samples have nothing in common.
  init?(
    _ groups: [Group], apartFrom common: LeastSquaresKeys, positives: [Int] = [], at address: SiteAddress,
    smallestFit: Float, pool: WorkerPool?
  ) {
    (keys, self.positives, self.address, self.smallestFit) = (common, positives, address, smallestFit)
    key = LinearKey(direction: [])
    calibrating = FloatMatrix(copying: groups.filter(\.calibrates).flatMap(\.samples), width: common.width)
    listed = FloatMatrix(copying: groups.filter(\.isListed).flatMap(\.samples), width: common.width)
    // What is judged comes last: a sample is left out of the fit at the cost of those behind it.
    for group in groups.filter({ !$0.isJudged }) + groups.filter(\.isJudged) { add(group, pool: pool) }
    guard solve() else { return nil }
  }

  /// The fit with further samples; nil where that leaves nothing in common.
  func adding(_ groups: [Group], pool: WorkerPool?) -> RegionFit? {
    var fit = self
    for group in groups { fit.add(group, pool: pool) }
    return fit.solve() ? fit : nil
  }

  private mutating func add(_ group: Group, pool: WorkerPool?) {
    guard !group.samples.isEmpty else { return }
    let own = keys.count..<(keys.count + group.samples.count)
    keys.append(FloatMatrix(copying: group.samples, width: keys.width), weight: group.weight, pool: pool)
    if group.isInside { positives += own }
    if group.isJudged { judged += own }
    if group.decides { deciders.formUnion(own) }
  }

  /// - Returns: false where the samples have nothing in common.
  private mutating func solve() -> Bool {
    var leftOut: [Float]
    (key, leftOut) = keys.solve(positives: positives, judged: judged)
    fitted = (0..<calibrating.rows).map { key.similarity(calibrating.row($0)) }
    let mean = fitted.reduce(0, +) / Float(max(1, fitted.count))
    guard mean > smallestFit, mean.isFinite else { return false }
    key.calibrate(mean: mean)
    leftOut = leftOut.map { $0 / mean }
    let isInside = Set(positives)
    fitted = fitted.map { $0 / mean }
    inside = zip(judged, leftOut).filter { isInside.contains($0.0) }.map(\.1)
    outside = zip(judged, leftOut).filter { !isInside.contains($0.0) }.map(\.1)
    deciding = zip(judged, leftOut).filter { deciders.contains($0.0) }.map(\.1)
    distinctness = Self.distance(inside, outside)
    return true
  }

  /// The similarity above which all but a share of the judged samples outside lie below it, within a range.
  func threshold(leavingIn share: Float, within range: [Float]) -> Float {
    let nearest = (deciding.isEmpty ? outside : deciding).sorted(by: >)
    guard !nearest.isEmpty else { return range[0] }
    let allowed = min(nearest.count - 1, Int(share * Float(nearest.count)))
    return min(range[1], max(range[0], nearest[allowed]))
  }

  /// The key, scaled so that a region of the given bounds begins at a similarity and reaches far above 1: what asks more
  /// clearly than the key prompts asks all the same.
  ///
  /// The region is nearly full wherever 1 stands for the mean of, where that is above 0.
  func key(from threshold: Float, boundary: Float, hardness: Float, strength: Float) -> [Float] {
    var key = key
    let lowest = fitted.min() ?? 1
    let full = (1 - boundary) / (1 - boundary * Separation.fullPart(hardness, strength: strength))
    key.calibrate(mean: (lowest > 0 ? min(threshold, full * lowest) : threshold) / (1 - boundary))
    return key.values
  }

  /// The similarity from which on a region is to begin, and its boundary, so that it does not act on the samples that it
  /// has to end before, as long as they are less similar than the key prompts.
  func bounds(
    from usual: Float, hardness: Float, settings: CompilerSettings
  ) -> (threshold: Float, boundary: Float) {
    let highest = (0..<listed.rows).map { key.similarity(listed.row($0)) }.max() ?? 0
    /// How far above a sample a region begins that does not act on it at all; a soft edge ends too far away to count.
    func margin(_ boundary: Float) -> Float {
      let margin = (1 - boundary) / (1 - boundary * Separation.reach(hardness))
      return 0 < margin && margin < 2 ? max(settings.listedMargin, margin) : settings.listedMargin
    }
    guard highest > 0, highest * margin(settings.regionBoundary) > usual else {
      return (usual, settings.regionBoundary)
    }
    // A narrower region has a sharper edge, and needs to reach less far above the key prompts.
    let least = min(1, max(usual, highest * settings.listedMargin))
    let boundary = min(settings.regionBoundary, (settings.regionTop - least) / (settings.regionTop + least))
    return (min(1, max(least, highest * margin(boundary))), boundary)
  }

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
