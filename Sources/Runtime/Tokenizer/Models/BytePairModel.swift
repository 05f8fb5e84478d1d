import Format

/// Byte-pair encoding, with one token per byte or per character before merging.
struct BytePairModel: TokenModel {
  let vocabulary: Vocabulary
  private let merger: BytePairMerger
  private let symbols: SymbolAlphabet
  /// Whether a word that is a token is not made by merging.
  private let ignoresMerges: Bool

  init(_ model: JSONValue, isByteLevel: Bool) throws(FormatError) {
    try TokenModels.refuse(["dropout", "continuing_subword_prefix", "end_of_word_suffix"], of: model)
    guard let entries = model["vocab"], entries.isObject, entries.count > 0 else {
      throw FormatError(.tokenizer, model.location, "vocab is missing, empty or not an object")
    }
    var vocabulary = Vocabulary(capacity: entries.count)
    try entries.forEachMember { key, value throws(FormatError) in
      try vocabulary.add(key, id: value.int, got: value, in: entries.location)
    }
    self.vocabulary = vocabulary
    guard let merges = model["merges"], merges.isArray else {
      throw FormatError(.tokenizer, model.location, "merges is missing or not an array")
    }
    merger = try BytePairMerger(merges, vocabulary: vocabulary)
    ignoresMerges = try model.flag("ignore_merges", default: false)
    symbols = try SymbolAlphabet(model, vocabulary: vocabulary, isByteLevel: isByteLevel)
  }

  var takesBytes: Bool {
    guard case .bytes = symbols else { return false }
    return true
  }

  func encode(_ word: UnsafeBufferPointer<UInt8>, _ work: inout [Int32], into ids: inout [Int]) {
    if ignoresMerges, let id = symbols.whole(word, vocabulary) {
      ids.append(id)
      return
    }
    work.removeAll(keepingCapacity: true)
    symbols.append(word, vocabulary, to: &work)
    merger.merge(&work)
    for symbol in work { ids.append(Int(symbol)) }
  }
}
