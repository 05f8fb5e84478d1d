import Runtime

/// The cost of one stage of a rewrite.
public struct StageCost: Sendable {
  public var duration = Duration.zero
  /// Floating-point operations of products with the model's weights, a multiplication and an addition counted as two.
  public var operations = 0
}

/// Adds up the costs of the stages: every moment and every operation between two laps belongs to one stage.
final class StageClock {
  private(set) var costs: [Stage: StageCost] = [:]
  private let pool: WorkerPool
  private var lapStart = ContinuousClock.now
  private var operations: Int

  init(_ pool: WorkerPool) {
    self.pool = pool
    operations = pool.operations
  }

  /// Counts all that was done since the last lap to a stage.
  func lap(_ stage: Stage) {
    let (now, done) = (ContinuousClock.now, pool.operations)
    costs[stage, default: StageCost()].duration += now - lapStart
    costs[stage, default: StageCost()].operations += done - operations
    (lapStart, operations) = (now, done)
  }
}

/// The parts of a rewrite that costs are counted by: the passes, and the work around them.
public enum Stage: String, CaseIterable, Sendable {
  /// The model from the opened checkpoint.
  case load
  case probe
  /// The text that memories should leave alone, and its activations.
  case background
  /// Least-squares keys, with the forward pass of the contexts that they tell apart.
  case key
  /// The forward and backward pass of the sequence that a row is made for, and the scan.
  case locate
  /// Also the key, where it is the activation itself.
  case delta
  /// Also the shortlist of addresses that get a boundary search.
  case bound
  /// The token × layer map, where it was asked for.
  case map
  case link
  /// All prompts on the model in memory.
  case evaluate
  /// Until the files are safe on the disk and have their names.
  case write
  /// All prompts on the written file.
  case verify
  /// The report's curves, similarities, and maps that were not asked for by themselves.
  case figures
}
