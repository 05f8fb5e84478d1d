import Format

/// A change of a text before it is cut into words.
enum Normalizer: Sendable {
  case none
  case sequence([Normalizer])
  case prepend([UInt8])
  case replace(TextPattern, by: [UInt8])
  case form(UnicodeForm)
  case strip(left: Bool, right: Bool)
  case stripAccents
  case lowercase
  /// The cleaning of SentencePiece's `nmt` rules: control characters removed, blanks of other kinds made spaces.
  case nmt
  case byteLevel
  case precompiled(PrecompiledMap)

  static let supported =
    "ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Prepend, Replace, Strip, StripAccents or a Sequence of these"

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
    case "Strip":
      self = .strip(
        left: try value.flag("strip_left", default: true), right: try value.flag("strip_right", default: true))
    case "StripAccents": self = .stripAccents
    case "Lowercase": self = .lowercase
    case "Nmt": self = .nmt
    case "ByteLevel": self = .byteLevel
    case "Precompiled": self = .precompiled(try PrecompiledMap(value))
    case let name:
      guard let form = name.flatMap(UnicodeForm.init) else {
        throw FormatError(
          .unsupported, "\(value.location).type", "this normalizer is not supported", expected: Self.supported,
          got: value["type"]?.kindDescription ?? value.kindDescription)
      }
      self = .form(form)
    }
  }

  /// - Parameters:
  ///   - isStart: false where other text comes before: nothing is prepended then, and nothing is stripped there.
  ///   - isFirst: whether the text begins with the first character of all text; false afterwards where that was removed.
  func callAsFunction(_ text: ArraySlice<UInt8>, isStart: Bool, isFirst: inout Bool) -> ArraySlice<UInt8> {
    switch self {
    case .none: return text
    case .sequence(let parts): return parts.reduce(text) { $1($0, isStart: isStart, isFirst: &isFirst) }
    case .prepend(let prefix): return text.isEmpty || !isStart ? text : prefix + text
    case .replace(let pattern, let content): return Self.replaced(text, pattern, content, isFirst: &isFirst)
    case .form(let form): return form(text)
    case .strip(let left, let right):
      let kept = Self.stripped(text, left: left && isStart, right: right)
      isFirst = isFirst && kept.startIndex == text.startIndex
      return kept
    case .stripAccents:
      return Self.filtered(text, isFirst: &isFirst) { Self.marks.contains($0) ? nil : $0 }
    case .lowercase: return Self.lowercased(text)
    case .nmt: return Self.filtered(text, isFirst: &isFirst, Self.cleaned)
    case .byteLevel: return ByteLevelAlphabet.spelling(of: text)[...]
    case .precompiled(let map): return map(text)
    }
  }

  private static let marks = CharacterClass(ScalarCategory.marks)

  private static func replaced(
    _ text: ArraySlice<UInt8>, _ pattern: TextPattern, _ content: [UInt8], isFirst: inout Bool
  ) -> ArraySlice<UInt8> {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    pattern.forEachPart(in: text) { part, isMatch in
      // A replacement stands where the last character stood that it replaces.
      if isMatch, result.isEmpty {
        let start = text.withUnsafeBufferPointer { bytes in
          part.isEmpty ? 0 : UTF8Scalars.before(bytes, part.upperBound - text.startIndex)
        }
        isFirst = isFirst && start == 0 && !content.isEmpty
      }
      if isMatch { result += content } else { result += text[part] }
    }
    return result[...]
  }

  private static func stripped(_ text: ArraySlice<UInt8>, left: Bool, right: Bool) -> ArraySlice<UInt8> {
    text.withUnsafeBufferPointer { bytes in
      var (start, end) = (0, bytes.count)
      while left, start < end, case let (scalar, next) = UTF8Scalars.read(bytes, start), ScalarCategory.isSpace(scalar)
      {
        start = next
      }
      while right, end > start, case let last = UTF8Scalars.before(bytes, end),
        ScalarCategory.isSpace(UTF8Scalars.read(bytes, last).scalar)
      {
        end = last
      }
      return text[(text.startIndex + start)..<(text.startIndex + end)]
    }
  }

  /// The text with each character changed by `change`, or removed.
  private static func filtered(
    _ text: ArraySlice<UInt8>, isFirst: inout Bool, _ change: (UInt32) -> UInt32?
  ) -> ArraySlice<UInt8> {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      if let value = change(scalar.value), let changed = Unicode.Scalar(value) {
        result += UTF8.encode(changed)!
      } else if result.isEmpty {
        isFirst = false
      }
    }
    return result[...]
  }

  private static func cleaned(_ scalar: UInt32) -> UInt32? {
    switch scalar {
    case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: nil
    case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: 0x20
    default: scalar
    }
  }

  /// Each character in lower case by itself, wherever in a word it stands.
  private static func lowercased(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      if scalar.value < 0x80 {
        result.append(UInt8(0x41...0x5A ~= scalar.value ? scalar.value + 32 : scalar.value))
      } else {
        result += scalar.properties.lowercaseMapping.utf8
      }
    }
    return result[...]
  }
}
