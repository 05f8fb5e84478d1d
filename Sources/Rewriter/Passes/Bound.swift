import Format
import Kernels
import Runtime

/// One boundary that was tried.
public struct BoundaryPoint: Sendable, Equatable {
  public var boundary: Float
  /// The prompts that go on as they should.
  public var positives: Int
  public var negatives: Int
  /// Whether the key prompt is among them.
  public var keyHolds: Bool

  var score: Int { positives + negatives }
}

/// Pass 5: the search for a row's boundary.
struct Bound {
  /// The boundary taken, and the points tried in its order.
  var boundary: Float
  var curve: [BoundaryPoint]
  var point: BoundaryPoint

  /// The post's grid 10^(−2 … 2) in steps of 0.2, up to 1: from there on a region takes in activations at right angles
  /// to its key, which is to say nearly all.
  static let grid: [Float] = (0...10).map { Float(kernel_f64_pow(10, -2 + 0.2 * Double($0))) }

  /// - Parameters:
  ///   - row: the row without its boundary.
  ///   - before: the memory's earlier rows, at the same site.
  ///   - depth: how many of the target's tokens the rows so far are for.
  ///   - pinned: the only boundary tried, where the spec gives one.
  ///   - zoomed: whether a second, finer grid around the best of the first is tried.
  static func search(
    _ row: MemoryRow, before: [MemoryRow], at address: SiteAddress, depth: Int, prompts: ForcedPrompts,
    transformer: Transformer, pinned: Float?, zoomed: Bool
  ) throws(FormatError) -> Bound {
    func points(_ boundaries: [Float]) throws(FormatError) -> [BoundaryPoint] {
      try Self.points(
        row, before: before, at: address, depth: depth, prompts: prompts, transformer: transformer,
        boundaries: boundaries)
    }
    var curve = try points(pinned.map { [$0] } ?? grid)
    if zoomed, pinned == nil {
      let best = middle(of: bestRun(curve))
      curve += try points(
        (1..<8).filter { $0 != 4 }.map { best * Float(kernel_f64_pow(10, 0.2 * (Double($0) - 4) / 4)) })
      curve.sort { $0.boundary < $1.boundary }
    }
    let run = bestRun(curve)
    let chosen = curve[run[run.count / 2]]
    return Bound(boundary: chosen.boundary, curve: curve, point: chosen)

    func middle(of run: [Int]) -> Float { curve[run[run.count / 2]].boundary }
  }

  /// The prompts' answers with each of some boundaries; parameters as those of the search.
  static func points(
    _ row: MemoryRow, before: [MemoryRow], at address: SiteAddress, depth: Int, prompts: ForcedPrompts,
    transformer: Transformer, boundaries: [Float]
  ) throws(FormatError) -> [BoundaryPoint] {
    var sets: [MemorySet] = []
    for boundary in boundaries {
      var row = row
      row.boundary = boundary
      sets.append(try MemorySet(rows: before + [row], for: transformer))
    }
    let holds = prompts.holds(sets, at: address, depth: depth)
    return zip(boundaries, holds).map { boundary, holds in
      func count(_ positive: Bool) -> Int {
        zip(prompts.items, holds).count { $0.isPositive == positive && $1 }
      }
      return BoundaryPoint(
        boundary: boundary, positives: count(true), negatives: count(false), keyHolds: holds[0])
    }
  }

  /// The longest run of neighboring points with the best score among those whose key prompt holds, if any does.
  private static func bestRun(_ curve: [BoundaryPoint]) -> [Int] {
    func rank(_ point: BoundaryPoint) -> Int { (point.keyHolds ? 1_000_000 : 0) + point.score }
    let best = curve.map(rank).max() ?? 0
    var (longest, current): ([Int], [Int]) = ([], [])
    for (i, point) in curve.enumerated() {
      current = rank(point) == best ? current + [i] : []
      if current.count > longest.count { longest = current }
    }
    return longest
  }
}
