/// Adds up what each pass takes: every moment between two laps belongs to one pass.
final class PassClock {
  private(set) var durations: [Pass: Duration] = [:]
  private var lapStart = ContinuousClock.now

  /// Counts the time since the last lap as this pass's.
  func lap(_ pass: Pass) {
    let now = ContinuousClock.now
    durations[pass, default: .zero] += now - lapStart
    lapStart = now
  }
}

/// What the time of a rewrite is told by.
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
