/// A name compared byte by byte.
///
/// Swift's `String` calls canonically equivalent spellings equal (é and e followed by U+0301), which file
/// formats keep apart; tensor names, JSON keys and tokens are therefore keyed by their UTF-8 bytes.
public struct ByteString: Hashable, Comparable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  public var bytes: [UInt8]

  public init(_ bytes: [UInt8]) { self.bytes = bytes }
  public init(_ string: some StringProtocol) { bytes = Array(string.utf8) }
  public init(stringLiteral value: String) { bytes = Array(value.utf8) }

  /// The bytes as text; sequences that are not UTF-8 become U+FFFD.
  public var description: String { String(decoding: bytes, as: UTF8.self) }

  public static func < (a: ByteString, b: ByteString) -> Bool {
    a.bytes.lexicographicallyPrecedes(b.bytes)
  }

  public func hasPrefix(_ prefix: String) -> Bool { bytes.starts(with: prefix.utf8) }
  public func hasSuffix(_ suffix: String) -> Bool {
    bytes.count >= suffix.utf8.count && bytes.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
  }
}
