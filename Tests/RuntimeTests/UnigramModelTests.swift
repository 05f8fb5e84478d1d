import Testing

@testable import Format
@testable import Runtime

/// The segmentation of the highest score, and what long and hostile inputs cost.
@Suite struct UnigramModelTests {
  private func tokenizer(_ vocabulary: String, _ more: String = #""unk_id":0"#) throws -> Tokenizer {
    try Tokenizer(json: Array(#"{"model":{"type":"Unigram","vocab":[\#(vocabulary)],\#(more)}}"#.utf8), location: "")
  }

  /// Kudo's example: the best total, not the longest piece first; unknown characters in a row are one token.
  @Test func takesTheHighestTotal() throws {
    let model = try tokenizer(
      #"["<unk>",0],["a",0],["b",0],["c",0],["d",0],["cd",1],["ab",2],["abc",5],["abcd",10]"#)
    #expect(model.encode("abcdacdxx") == [8, 1, 5, 0])
    #expect(model.encode("") == [] && model.encode("xyz") == [0])
  }

  /// The first way to a position counts among equals: that with the longest last token.
  @Test func earlierStartsWinTies() throws {
    let model = try tokenizer(#"["<unk>",0],["a",-1],["b",-1],["ab",-2]"#)
    #expect(model.encode("ab") == [3] && model.encode("aab") == [1, 3])
  }

  /// Without a token for what is unknown it is left out.
  @Test func unknownCharactersWithoutATokenAreLeftOut() throws {
    #expect(try tokenizer(#"["a",-1],["b",-1]"#, #""unk_id":null"#).encode("axb") == [0, 1])
  }

  @Test func longInputsOfOneCharacterTakeLinearTime() throws {
    let pieces = (1...64).map { #"["\#(String(repeating: "a", count: $0))",-\#($0 % 7 + 1)]"# }.joined(separator: ",")
    let model = try tokenizer(#"["<unk>",0],\#(pieces)"#)
    let text = String(repeating: "a", count: 100_000)
    #expect(model.decode(model.encode(text)).filter { $0 == "a" }.count == 100_000)
  }
}
