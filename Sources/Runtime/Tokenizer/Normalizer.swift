import Format

#if canImport(Darwin)
  import Foundation
#else
  // Foundation's composition turns some old Hangul into U+FFFD on Linux and breaks characters beyond U+FFFF.
  @_spi(_Unicode) import Swift
#endif

/// A change of a text before it is cut into words.
enum Normalizer: Sendable {
  case none
  case sequence([Normalizer])
  case prepend([UInt8])
  case replace(TextPattern, by: [UInt8])
  case compose, decompose

  /// - Throws: `FormatError` of kind `unsupported` for another kind, `tokenizer` for malformed fields.
  init(_ value: JSONValue?) throws(FormatError) {
    guard let value, !value.isNull else {
      self = .none
      return
    }
    switch value["type"]?.string {
    case "Sequence":
      var parts: [Normalizer] = []
      for part in try value.list("normalizers") { parts.append(try Normalizer(part)) }
      self = .sequence(parts)
    case "Prepend": self = .prepend(Array(try value.text("prepend").utf8))
    case "Replace": self = .replace(try value.pattern("pattern"), by: Array(try value.text("content").utf8))
    case "NFC": self = .compose
    case "NFD": self = .decompose
    default:
      throw FormatError(
        .unsupported, "\(value.location).type", "this normalizer is not supported",
        expected: "NFC, NFD, Prepend, Replace or a Sequence of these",
        got: value["type"]?.kindDescription ?? value.kindDescription)
    }
  }

  /// - Parameter isStart: false where other text comes before: nothing is prepended then.
  func callAsFunction(_ text: ArraySlice<UInt8>, isStart: Bool = true) -> ArraySlice<UInt8> {
    switch self {
    case .none: return text
    case .sequence(let parts): return parts.reduce(text) { $1($0, isStart: isStart) }
    case .prepend(let prefix): return text.isEmpty || !isStart ? text : prefix + text
    case .replace(let pattern, let content):
      var result: [UInt8] = []
      result.reserveCapacity(text.count)
      pattern.forEachPart(in: text) { part, isMatch in
        if isMatch { result += content } else { result += text[part] }
      }
      return result[...]
    case .compose: return Self.changed(text) { $0.composed }
    case .decompose: return Self.changed(text) { $0.decomposed }
    }
  }

  private static func changed(_ text: ArraySlice<UInt8>, _ change: (String) -> String) -> ArraySlice<UInt8> {
    guard text.contains(where: { $0 >= 0x80 }) else { return text }
    return Array(change(String(decoding: text, as: UTF8.self)).utf8)[...]
  }
}

extension String {
  #if canImport(Darwin)
    fileprivate var composed: String { precomposedStringWithCanonicalMapping }
    fileprivate var decomposed: String { decomposedStringWithCanonicalMapping }
  #else
    fileprivate var composed: String { String(_nfc) }
    fileprivate var decomposed: String { String(_nfd) }
  #endif
}
