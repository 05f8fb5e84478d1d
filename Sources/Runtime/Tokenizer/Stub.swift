import Format

public final class Tokenizer: Sendable {
  public init(json: [UInt8], place: String) throws(FormatError) {}
  public var vocabularySize: Int { 0 }
  public func encode(_ text: String, addSpecialTokens: Bool = true) -> [Int] { [] }
  public func decode(_ ids: [Int], skipSpecialTokens: Bool = false) -> String { "" }
  public func bytes(of id: Int) -> [UInt8] { [] }
  public func text(of id: Int) -> String { "" }
  public func id(of token: String) -> Int? { nil }
  public func isSpecial(_ id: Int) -> Bool { false }
}
public struct TokenStreamDecoder {
  public init(_ tokenizer: Tokenizer) {}
  public mutating func append(_ id: Int) -> String { "" }
  public mutating func finish() -> String { "" }
}
