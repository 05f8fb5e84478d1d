import Format

/// A rewrite's input: the spec, the outputs and the options.
public struct RewriteRequest: Sendable {
  public var spec: Spec
  /// Replaces every memory's own method.
  public var method: MemorySpec.Method?
  /// Path of the patched model; nil computes and tells, but writes none.
  public var output: String?
  /// Path of the file for the memories alone.
  public var sidecar: String?
  /// Whether outputs that exist are replaced.
  public var replacing: Bool
  /// Whether the token × layer map of every key prompt is made.
  public var map: Bool
  /// Whether the report's figures are computed.
  public var figures: Bool
  /// For the text that the model writes as a background.
  public var seed: UInt64
  /// Texts to take as a background instead.
  public var background: [String]?
  /// A file that keeps the background and its activations for later rewrites of the same base; made where it is not
  /// there.
  public var statistics: String?
  /// The dtype of new memories' keys and deltas, F32 or BF16; nil for that of the memories that the file keeps.
  public var table: Dtype?
  public var settings: CompilerSettings
  /// The share of the spec that is compiled, beside all of it; the sidecar is a part then. nil compiles all.
  public var share: CompileShare?
  /// Whether the compile goes on where an earlier one was interrupted.
  public var resumes = false
  /// Whether memories that cannot be compiled are left out, and the others written.
  public var keepsGoing = false
  /// The time from which on what is done is saved again.
  var journalInterval = Duration.seconds(20)

  public init(
    spec: Spec, method: MemorySpec.Method? = nil, output: String?, sidecar: String? = nil, replacing: Bool = false,
    map: Bool = false, figures: Bool = false, seed: UInt64 = 0, background: [String]? = nil,
    statistics: String? = nil, table: Dtype? = nil, settings: CompilerSettings = CompilerSettings(),
    share: CompileShare? = nil, resumes: Bool = false, keepsGoing: Bool = false
  ) {
    self.spec = spec
    self.method = method
    self.output = output
    self.sidecar = sidecar
    self.replacing = replacing
    self.map = map
    self.figures = figures
    self.seed = seed
    self.background = background
    self.statistics = statistics
    self.table = table
    self.settings = settings
    self.share = share
    self.resumes = resumes
    self.keepsGoing = keepsGoing
  }

  /// The specs, each with the method that the request asks for.
  var specs: [MemorySpec] {
    spec.memories.map { spec in
      var spec = spec
      if let method { spec.method = method }
      return spec
    }
  }
}
