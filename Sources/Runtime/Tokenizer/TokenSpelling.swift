import Format

/// The relation between a token's spelling in the vocabulary and the bytes of text that it stands for.
enum TokenSpelling: Sendable {
  /// One character per byte.
  case byteLevel
  /// SentencePiece's: `spaces` for a space, `<0x0A>` for a byte where `hasBytes`. The first `stripped` spaces of a
  /// whole text are no part of it.
  case pieces(spaces: [UInt8], hasBytes: Bool, stripped: Int)

  /// - Throws: `FormatError` of kind `unsupported` for another decoder, or one that does not fit the words.
  init(_ decoder: JSONValue?, isByteLevel: Bool) throws(FormatError) {
    let given = decoder.flatMap { $0.isNull ? nil : $0 }
    if isByteLevel {
      if let given, given["type"]?.string != "ByteLevel" { throw Self.refusal(given, "ByteLevel") }
      self = .byteLevel
      return
    }
    guard let given else {
      self = .pieces(spaces: [], hasBytes: false, stripped: 0)
      return
    }
    var spaces: [UInt8] = []
    var (hasBytes, isFused, stripped) = (false, false, 0)
    for part in given["type"]?.string == "Sequence" ? try given.list("decoders") : [given] {
      switch part["type"]?.string {
      case "Replace" where part["content"]?.string == " " && spaces.isEmpty:
        guard let text = part["pattern"]?["String"]?.string, !text.isEmpty else { throw Self.refusal(part, "a string") }
        spaces = Array(text.utf8)
      case "ByteFallback": hasBytes = true
      case "Fuse": isFused = true
      case "Strip" where isFused && part["content"]?.string == " " && part["stop"]?.int == 0:
        stripped = part["start"]?.int ?? 0
      case "Metaspace":
        spaces = Array(try part.text("replacement").utf8)
        let flag = try part.flag("add_prefix_space", default: true)
        let scheme = try part.choice("prepend_scheme", default: flag ? PreTokenizer.PrependScheme.always : .never)
        stripped = scheme == .never ? 0 : 1
      default:
        throw Self.refusal(
          part, "ByteFallback, Fuse, Metaspace, Replace by a space, or Strip of spaces behind Fuse")
      }
    }
    self = .pieces(spaces: spaces, hasBytes: hasBytes, stripped: stripped)
  }

  private static func refusal(_ value: JSONValue, _ expected: String) -> FormatError {
    FormatError(
      .unsupported, value.location, "this decoder is not supported", expected: expected,
      got: value["type"]?.kindDescription ?? value.kindDescription)
  }

  /// The bytes that a token of the vocabulary stands for.
  func bytes(of spelling: [UInt8]) -> [UInt8] {
    switch self {
    case .byteLevel: return ByteLevelAlphabet.bytes(of: spelling)
    case .pieces(let spaces, let hasBytes, _):
      if hasBytes, let byte = Self.byte(spelling) { return [byte] }
      guard !spaces.isEmpty, spelling.count >= spaces.count else { return spelling }
      var result: [UInt8] = []
      var i = 0
      while i < spelling.count {
        let isSpace = spelling[i...].starts(with: spaces)
        result.append(isSpace ? 0x20 : spelling[i])
        i += isSpace ? spaces.count : 1
      }
      return result
    }
  }

  /// The bytes that an added token stands for, which is not spelled byte by byte.
  func bytes(ofAdded text: [UInt8]) -> [UInt8] {
    if case .byteLevel = self { return text }
    return bytes(of: text)
  }

  /// The number of leading spaces that are no part of a whole text.
  func stripped(of bytes: [UInt8]) -> Int {
    guard case .pieces(_, _, let most) = self else { return 0 }
    return bytes.prefix(most).prefix { $0 == 0x20 }.count
  }

  /// The byte of a spelling like `<0x0A>`.
  private static func byte(_ spelling: [UInt8]) -> UInt8? {
    guard spelling.count == 6, spelling.starts(with: "<0x".utf8), spelling[5] == UInt8(ascii: ">") else { return nil }
    return UInt8(String(decoding: spelling[3..<5], as: UTF8.self), radix: 16)
  }

  /// The spelling of a single byte, like `<0x0A>`.
  static func spelling(ofByte byte: UInt8) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    return Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)], UInt8(ascii: ">")]
  }
}
