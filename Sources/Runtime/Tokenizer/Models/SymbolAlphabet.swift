import Format

/// The tokens that a word is made of before pairs are merged.
enum SymbolAlphabet: Sendable {
  /// One token per byte; −1 where the vocabulary has none.
  case bytes([Int32])
  /// One token per character. A character without one becomes the `fallback` tokens of its bytes where all exist, else
  /// `unknown`, once for several in a row where `fuses`.
  case characters(fallback: [Int32]?, unknown: Int32?, fuses: Bool)

  init(_ model: JSONValue, vocabulary: Vocabulary, isByteLevel: Bool) throws(FormatError) {
    let hasFallback = try model.flag("byte_fallback", default: false)
    let unknown = model["unk_token"].flatMap { $0.isNeutral ? nil : $0 }
    if isByteLevel {
      let tokens = (UInt8.min...(.max)).map {
        Int32(vocabulary.id(ByteLevelAlphabet.spelling(of: CollectionOfOne($0))) ?? -1)
      }
      if unknown == nil && !hasFallback || !tokens.contains(-1) {
        self = .bytes(tokens)
        return
      }
    }
    let id = unknown.flatMap { $0.stringBytes.flatMap { vocabulary.id($0) } }
    if let unknown, id == nil {
      throw FormatError(.tokenizer, unknown.location, "is not in the vocabulary", got: unknown.kindDescription)
    }
    self = .characters(
      fallback: hasFallback ? Self.byteTokens(of: vocabulary) : nil, unknown: id.map { Int32($0) },
      fuses: try model.flag("fuse_unk", default: false))
  }

  /// The token of each byte by its spelling `<0x0A>`, −1 where none.
  static func byteTokens(of vocabulary: Vocabulary) -> [Int32] {
    (UInt8.min...(.max)).map { byte in
      let digits = String(byte, radix: 16, uppercase: true)
      return Int32(vocabulary.id(Array("<0x\(byte < 16 ? "0" : "")\(digits)>".utf8)) ?? -1)
    }
  }

  /// Appends the tokens of a word in UTF-8.
  func append(_ word: UnsafeBufferPointer<UInt8>, _ vocabulary: Vocabulary, to symbols: inout [Int32]) {
    switch self {
    case .bytes(let tokens):
      for byte in word where tokens[Int(byte)] >= 0 { symbols.append(tokens[Int(byte)]) }
    case .characters(let fallback, let unknown, let fuses):
      // An unknown character is added when one follows that it is not fused with.
      var isPending = false
      var i = 0
      while i < word.count {
        let end = UTF8Scalars.read(word, i).end
        let character = UnsafeBufferPointer(rebasing: word[i..<end])
        i = end
        if let id = vocabulary.id(character) {
          if isPending, let unknown { symbols.append(unknown) }
          isPending = false
          symbols.append(Int32(id))
        } else if let fallback, character.allSatisfy({ fallback[Int($0)] >= 0 }) {
          for byte in character { symbols.append(fallback[Int(byte)]) }
        } else if let unknown {
          if isPending, !fuses { symbols.append(unknown) }
          isPending = true
        }
      }
      if isPending, let unknown { symbols.append(unknown) }
    }
  }

  /// The token that a whole word is, nil where there is none.
  func whole(_ word: UnsafeBufferPointer<UInt8>, _ vocabulary: Vocabulary) -> Int? {
    guard case .bytes = self else { return vocabulary.id(word) }
    return vocabulary.id(ByteLevelAlphabet.spelling(of: word))
  }
}
