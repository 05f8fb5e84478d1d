import Runtime

/// What a pass took.
public struct PassCost: Sendable {
  public var duration = Duration.zero
  /// Floating-point operations of products with the model's weights, a multiplication and an addition counted as two.
  public var operations = 0
}

/// Adds up what each pass takes: every moment and every operation between two laps belongs to one pass.
final class PassClock {
  private(set) var costs: [Pass: PassCost] = [:]
  private let pool: WorkerPool
  private var lapStart = ContinuousClock.now
  private var operations: Int

  init(_ pool: WorkerPool) {
    self.pool = pool
    operations = pool.operations
  }

  /// Counts what was done since the last lap as this pass's.
  func lap(_ pass: Pass) {
    let (now, done) = (ContinuousClock.now, pool.operations)
    costs[pass, default: PassCost()].duration += now - lapStart
    costs[pass, default: PassCost()].operations += done - operations
    (lapStart, operations) = (now, done)
  }
}

/// What the cost of a rewrite is told by.
public enum Pass: String, CaseIterable, Sendable {
  /// The model from the opened checkpoint.
  case load
  case probe
  /// What the memories should leave alone: text that the model writes, and its activations.
  case background
  /// Least-squares keys, with the pass of the contexts that they tell apart.
  case key
  /// The forward and backward of the sequence that a row is made for, and the scan.
  case locate
  /// Also the key, which is taken from what the locate pass ran.
  case delta
  /// Also the choice of the places that get a boundary search.
  case bound
  /// The token × layer map, where it was asked for.
  case map
  case link
  /// All prompts on the model in memory.
  case evaluate
  /// Up to the file's being safe on the disk.
  case write
  /// All prompts on the written file.
  case verify
  /// What only the report shows: curves, similarities, and maps that were not asked for by themselves.
  case figures
}
