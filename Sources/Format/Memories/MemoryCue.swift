/// A region that a row asks for at an earlier module: it adds nothing, and the row acts only as far as the cue is present.
///
/// With f the strength of the region (`specs/FORMAT.md`) and x the distance 1 − (a · k) / ‖k‖² at a token, the presence
/// at token t is f(x(t)) for `here`, and the largest f(x(u)) of all tokens u ≤ t of the sequence for `seen`.
public struct MemoryCue: Sendable, Hashable {
  public enum Mode: Int32, Sendable {
    /// This very token is about the subject.
    case here = 0
    /// The subject has been named in the sequence.
    case seen = 1
  }

  public var mode: Mode
  /// The name of the module whose input the cue watches; computed before that of every row that asks for the cue.
  public var module: ByteString
  public var boundary: Float
  public var hardness: Float
  /// [D], D the width of the module's input, as the table holds it.
  package var storedKey: TableVector

  public init(mode: Mode, module: ByteString, boundary: Float, hardness: Float, key: [Float]) {
    self.mode = mode
    self.module = module
    self.boundary = boundary
    self.hardness = hardness
    storedKey = TableVector(key)
  }

  init(mode: Mode, module: ByteString, boundary: Float, hardness: Float, storedKey: TableVector) {
    self.mode = mode
    self.module = module
    self.boundary = boundary
    self.hardness = hardness
    self.storedKey = storedKey
  }

  /// F32 [D], D the width of the module's input; each reading of a key that lies in a file copies it.
  public var key: [Float] {
    get { storedKey.floats }
    set { storedKey = TableVector(newValue) }
  }
}
