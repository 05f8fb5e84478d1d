import Format

/// The tokens that a word is made of before pairs are merged.
enum SymbolAlphabet: Sendable {
  /// One token per byte; −1 where the vocabulary has none.
  case bytes([Int32])
  /// One token per character. A character without one becomes the `fallback` tokens of its bytes where all exist, else
  /// `unknown`, once for several in a row where `fuses`.
  case characters(fallback: [Int32]?, unknown: Int32?, fuses: Bool)

  init(_ model: JSONValue, vocabulary: Vocabulary, isByteLevel: Bool) throws(FormatError) {
    if isByteLevel {
      self = .bytes(
        ByteLevelAlphabet.scalars.map { scalar in
          Int32(vocabulary.id(Array(String(Unicode.Scalar(scalar)!).utf8)) ?? -1)
        })
      return
    }
    var unknown: Int32?
    if let token = model["unk_token"], !token.isNull {
      guard let id = token.stringBytes.flatMap({ vocabulary.id($0) }) else {
        throw FormatError(.tokenizer, token.location, "is not in the vocabulary", got: token.kindDescription)
      }
      unknown = Int32(id)
    }
    let hasFallback = try model.flag("byte_fallback", default: false)
    let bytes = (UInt8.min...(.max)).map { Int32(vocabulary.id(TokenSpelling.spelling(ofByte: $0)) ?? -1) }
    self = .characters(
      fallback: hasFallback ? bytes : nil, unknown: unknown, fuses: try model.flag("fuse_unk", default: false))
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
    var spelling: [UInt8] = []
    spelling.reserveCapacity(2 * word.count)
    for byte in word { ByteLevelAlphabet.appendSpelling(of: byte, to: &spelling) }
    return vocabulary.id(spelling)
  }
}
