import Format

/// A step that turns the spellings of tokens into text.
enum DecodingStep: Sendable {
  case replace(TextPattern, by: [UInt8], isOneCharacter: Bool)
  /// Up to `start` and `stop` times a character removed from both ends.
  case strip(Unicode.Scalar, start: Int, stop: Int)
  /// `replacement` as a space, or as nothing in a first token where one was put in front.
  case metaspace(replacement: [UInt8], isPrepended: Bool)
  /// Tokens like `<0x0A>` as bytes: those in a row that are no UTF-8 together as one U+FFFD each.
  case byteFallback
  /// All tokens as one.
  case fuse
  /// All tokens as the bytes that their characters stand for.
  case byteLevel

  /// The steps of a decoder in a row.
  ///
  /// - Throws: `FormatError` of kind `unsupported` for another decoder, `tokenizer` for malformed fields.
  static func steps(_ value: JSONValue) throws(FormatError) -> [DecodingStep] {
    switch value["type"]?.string {
    case "Sequence":
      var result: [DecodingStep] = []
      for part in try value.list("decoders") { result += try steps(part) }
      return result
    case "Replace":
      let text = value["pattern"]?["String"]?.string
      return [
        .replace(
          try value.pattern("pattern"), by: Array(try value.text("content").utf8),
          isOneCharacter: text?.unicodeScalars.count == 1)
      ]
    case "Strip":
      return [.strip(try value.scalar("content"), start: try value.count("start"), stop: try value.count("stop"))]
    case "Metaspace":
      let replacement = Array(String(try value.scalar("replacement")).utf8)
      return [.metaspace(replacement: replacement, isPrepended: try PreTokenizer.PrependScheme(value) != .never)]
    case "ByteFallback": return [.byteFallback]
    case "Fuse": return [.fuse]
    case "ByteLevel": return [.byteLevel]
    default:
      throw FormatError(
        .unsupported, "\(value.location).type", "this decoder is not supported",
        expected: "ByteFallback, ByteLevel, Fuse, Metaspace, Replace, Strip or a Sequence of these",
        got: value["type"]?.kindDescription ?? value.kindDescription)
    }
  }

  /// A token's text after a step that looks at single tokens; the token itself after another.
  ///
  /// - Parameters:
  ///   - isFirst: whether the token is the first of a text.
  func text(of token: [UInt8], isFirst: Bool) -> [UInt8] {
    switch self {
    case .replace(let pattern, let content, _):
      var result: [UInt8] = []
      pattern.forEachPart(in: token[...]) { part, isMatch in
        if isMatch { result += content } else { result += token[part] }
      }
      return result
    case .strip(let content, let start, let stop):
      let own = Array(String(content).utf8)
      let begin = Self.repetitions(of: own, in: token[...], most: start) * own.count
      let end = Self.repetitions(of: own.reversed(), in: token[begin...].reversed(), most: stop) * own.count
      return Array(token[begin..<(token.count - end)])
    case .metaspace(let replacement, let isPrepended):
      var (result, i) = ([UInt8](), 0)
      while i < token.count {
        let isMeta = token[i] == replacement[0] && token[i...].starts(with: replacement)
        if !isMeta { result.append(token[i]) } else if !isFirst || !isPrepended { result.append(0x20) }
        i += isMeta ? replacement.count : 1
      }
      return result
    case .byteFallback: return Self.byte(token).map { [$0] } ?? token
    case .byteLevel: return ByteLevelAlphabet.bytes(of: token)
    case .fuse: return token
    }
  }

  /// How often `part` stands in a row at the start of `text`, up to `most`.
  static func repetitions(of part: [UInt8], in text: some Collection<UInt8>, most: Int) -> Int {
    var (count, rest) = (0, text[...])
    while count < most, rest.starts(with: part) {
      count += 1
      rest = rest.dropFirst(part.count)
    }
    return count
  }

  /// The byte of a spelling like `<0x0A>`.
  static func byte(_ spelling: [UInt8]) -> UInt8? {
    guard spelling.count == 6, spelling.starts(with: "<0x".utf8), spelling[5] == UInt8(ascii: ">"),
      // A sign is no digit.
      spelling[3] != UInt8(ascii: "-")
    else { return nil }
    return UInt8(String(decoding: spelling[3..<5], as: UTF8.self), radix: 16)
  }
}
