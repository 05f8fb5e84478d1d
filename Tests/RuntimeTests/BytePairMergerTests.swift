import Testing

@testable import Format
@testable import Runtime

/// The two ways to merge a word.
@Suite struct BytePairMergerTests {
  @Test func heapAndScanMergeTheSamePairs() throws {
    let path = "\(TokenizerTests.folder)/gpt2.json"
    let model = try #require(try JSONDocument(path: path).root["model"])
    var vocabulary = Vocabulary(capacity: 2000)
    try #require(model["vocab"]).forEachMember { key, value in
      _ = key.withStringBytes { vocabulary.insert($0, id: value.int!) }
    }
    let merger = try BytePairMerger(try #require(model["merges"]), vocabulary: vocabulary)
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let count = Int.random(in: 0...70, using: &random)
      let letters = Array("capitlyofNenrs".utf8)
      let word = (0..<count).map { _ in Int32(vocabulary.id([letters.randomElement(using: &random)!])!) }
      var (scanned, heaped) = (word, word)
      merger.mergeByScan(&scanned)
      merger.mergeByHeap(&heaped)
      #expect(scanned == heaped, "seed \(seed)")
    }
  }

  @Test func longWordsTakeNoQuadraticTime() throws {
    let tokenizer = try TokenizerTests.tokenizer("gpt2")
    let long = String(repeating: "capital", count: 30_000)
    #expect(tokenizer.decode(tokenizer.encode(long)) == long)
  }
}
