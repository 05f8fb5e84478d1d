import Format
import Foundation

/// SentencePiece's compiled normalization rules (`precompiled_charsmap`): a double-array trie (Aoe 1989, in Darts-clone's
/// layout) from pieces of text to offsets into a list of replacements, each ended by a zero byte.
struct PrecompiledMap: Sendable {
  private let units: [UInt32]
  private let replacements: [UInt8]

  /// - Throws: `FormatError` of kind `tokenizer` where the map is no base64, is cut, or its replacements are not UTF-8.
  init(_ value: JSONValue) throws(FormatError) {
    func malformed(_ got: String) -> FormatError {
      FormatError(
        .tokenizer, "\(value.location).precompiled_charsmap", "wrong value",
        expected: "base64 of a trie and UTF-8 behind it", got: got)
    }
    guard let data = Data(base64Encoded: try value.text("precompiled_charsmap")) else {
      throw malformed("another text")
    }
    let bytes = [UInt8](data)
    func unit(_ index: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << UInt32(8 * $1) }
    }
    guard bytes.count >= 4, case let size = Int(unit(0)), size >= 4, size <= bytes.count - 4 else {
      throw malformed("\(bytes.count) bytes")
    }
    units = (1...(size / 4)).map(unit)
    replacements = Array(bytes[(4 + size / 4 * 4)...])
    guard String(validating: replacements, as: UTF8.self) != nil else { throw malformed("a list that is not UTF-8") }
  }

  /// The replacement of the shortest rule that `piece` begins with; nil where there is none.
  private func replacement(_ piece: some Sequence<UInt8>) -> ArraySlice<UInt8>? {
    var node = Self.offset(units[0])
    for byte in piece {
      guard byte != 0 else { return nil }
      node ^= Int(byte)
      guard node < units.count, case let unit = units[node], unit & (1 << 31 | 0xFF) == UInt32(byte) else { return nil }
      node ^= Self.offset(unit)
      guard unit >> 8 & 1 == 1 else { continue }
      guard node < units.count, case let start = Int(units[node] & (1 << 31 - 1)), start <= replacements.count else {
        return nil
      }
      return replacements[start...].prefix { $0 != 0 }
    }
    return nil
  }

  private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & (1 << 9)) >> 6) }

  /// UTF-8 text with the rules applied: to a whole user-perceived character of less than 6 bytes, or else to its scalars.
  func callAsFunction(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    for character in String(decoding: text, as: UTF8.self) {
      if character.utf8.count < 6, let replacement = replacement(character.utf8) {
        result += replacement
        continue
      }
      for scalar in character.unicodeScalars {
        let own = UTF8.encode(scalar)!
        if let replacement = replacement(own) { result += replacement } else { result += own }
      }
    }
    return result[...]
  }
}
