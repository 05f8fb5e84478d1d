public struct GGUFFile: Sendable {
  public init(path: String) throws(FormatError) { throw FormatError(.gguf, path, "stub") }
  public func tensors(dtype: Dtype?) throws(FormatError) -> [Tensor] { [] }
  public func configJSON() throws(FormatError) -> [UInt8] { [] }
  public func tokenizerJSON() throws(FormatError) -> [UInt8] { [] }
}
