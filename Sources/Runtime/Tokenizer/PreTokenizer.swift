import Format

/// Cuts text into the words that are encoded each by itself.
enum PreTokenizer {
  /// Digits apart, one by one where `individual`.
  case digits(individual: Bool)
  /// GPT-2's words, with a space put in front where `addPrefixSpace`; the whole piece where not `useWords`.
  case byteLevel(addPrefixSpace: Bool, useWords: Bool)
  case sequence([PreTokenizer])

  static let supported = "ByteLevel, Digits, or a Sequence of these"

  /// - Throws: `FormatError` of kind `unsupported` for what is none of `supported`, `tokenizer` for malformed fields.
  init(_ value: JSONValue) throws(FormatError) {
    switch value["type"]?.string {
    case "ByteLevel":
      self = .byteLevel(
        addPrefixSpace: try value.flag("add_prefix_space", default: true),
        useWords: try value.flag("use_regex", default: true))
    case "Digits": self = .digits(individual: try value.flag("individual_digits", default: false))
    case "Sequence":
      var parts: [PreTokenizer] = []
      for part in try value.list("pretokenizers") { parts.append(try PreTokenizer(part)) }
      self = .sequence(parts)
    default:
      throw FormatError(
        .unsupported, "\(value.place).type", "this pre-tokenizer is not supported", expected: Self.supported,
        got: value["type"]?.kindDescription ?? value.kindDescription)
    }
  }

  /// The words of a piece of UTF-8 text.
  func split(_ pieces: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
    switch self {
    case .sequence(let parts): return parts.reduce(pieces) { $1.split($0) }
    case .digits(let individual): return pieces.flatMap { Self.splitDigits($0, individual: individual) }
    case .byteLevel(let addPrefixSpace, let useWords):
      return pieces.flatMap { piece in
        let spaced = addPrefixSpace && piece.first != 0x20 ? ([0x20] + piece)[...] : piece
        return useWords ? Self.splitWords(spaced) : [spaced]
      }
    }
  }

  private static func splitDigits(_ piece: ArraySlice<UInt8>, individual: Bool) -> [ArraySlice<UInt8>] {
    var result: [ArraySlice<UInt8>] = []
    var scanner = ScalarScanner(piece)
    var start = piece.startIndex
    var inDigits = false
    while let (kind, end) = scanner.peek() {
      let isDigit = kind == .number
      if scanner.position > start, isDigit != inDigits || (isDigit && individual) {
        result.append(piece[start..<scanner.position])
        start = scanner.position
      }
      inDigits = isDigit
      scanner.position = end
    }
    if start < piece.endIndex { result.append(piece[start...]) }
    return result
  }

  private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.utf8) }

  /// GPT-2's pattern `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
  static func splitWords(_ piece: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    var result: [ArraySlice<UInt8>] = []
    var scanner = ScalarScanner(piece)
    while let (first, firstEnd) = scanner.peek() {
      let start = scanner.position
      if piece[start] == UInt8(ascii: "'"),
        let match = contractions.first(where: piece[start...].starts(with:))
      {
        scanner.position = start + match.count
      } else {
        var kind = first
        if piece[start] == 0x20 {
          scanner.position = firstEnd
          if let (second, _) = scanner.peek(), second != .space { kind = second }
        }
        if kind == .space {
          scanner.position = start
          scanner.skipSpaces()
        } else {
          scanner.skip(kind)
        }
      }
      result.append(piece[start..<scanner.position])
    }
    return result
  }
}

/// Steps through UTF-8 text by the character classes that the patterns tell apart.
struct ScalarScanner {
  enum Kind { case letter, number, space, other }

  let text: ArraySlice<UInt8>
  var position: Int

  init(_ text: ArraySlice<UInt8>) {
    self.text = text
    position = text.startIndex
  }

  /// The class of the next scalar and where it ends.
  func peek() -> (Kind, Int)? {
    guard position < text.endIndex else { return nil }
    let byte = text[position]
    if byte < 0x80 { return (Self.ascii(byte), position + 1) }
    let length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
    let end = min(position + length, text.endIndex)
    var value = UInt32(byte) & (0xFF >> UInt32(length + 1))
    for i in (position + 1)..<end { value = value << 6 | UInt32(text[i] & 0x3F) }
    return (Unicode.Scalar(value).map(Self.kind) ?? .other, end)
  }

  mutating func skip(_ kind: Kind) {
    while let (next, end) = peek(), next == kind { position = end }
  }

  /// A run of spaces, but for its last where something else follows and it is not the only one.
  mutating func skipSpaces() {
    let start = position
    var last = position
    while let (next, end) = peek(), next == .space {
      last = position
      position = end
    }
    if position < text.endIndex, last > start { position = last }
  }

  private static func ascii(_ byte: UInt8) -> Kind {
    switch byte {
    case 0x41...0x5A, 0x61...0x7A: .letter
    case 0x30...0x39: .number
    case 0x20, 0x09...0x0D: .space
    default: .other
    }
  }

  private static func kind(_ scalar: Unicode.Scalar) -> Kind {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
    case .decimalNumber, .letterNumber, .otherNumber: return .number
    default: return properties.isWhitespace ? .space : .other
    }
  }
}
