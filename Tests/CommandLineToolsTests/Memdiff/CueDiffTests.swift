import Testing

@testable import CommandLineTools
@testable import Format

/// Cues in the comparison and the listing of memories: they are part of their rows.
@Suite struct CueDiffTests {
  static let first = "transformer.h.0.mlp.c_proj"
  static let second = "transformer.h.0.attn.c_proj"

  private func change(_ old: [MemoryCue], _ new: [MemoryCue]) -> TableDiff {
    TableDiff(old: [memory("a", cues: old)], new: [memory("a", cues: new)])
  }

  private func words(_ old: [MemoryCue], _ new: [MemoryCue]) throws -> [String] {
    try #require(change(old, new).changed.first).statements
  }

  @Test func equalCuesAreUnchanged() {
    #expect(change([cue(), cue(mode: .here)], [cue(), cue(mode: .here)]).isEmpty)
  }

  @Test func addedAndRemoved() throws {
    let (seen, here) = (cue(), cue(mode: .here))
    #expect(try words([seen], [seen, here]) == ["asks for a cue here at \(Self.first): it acts in fewer places"])
    #expect(
      try words([seen, here], [here]) == ["asks no more for a cue seen at \(Self.first): it acts in more places"])
    #expect(try words([], [seen, here]).count == 2)
    #expect(try words([seen, here], [here, seen]) == ["the cues are in another order"])
  }

  @Test func changedAndMoved() throws {
    var wide = cue()
    wide.boundary = 1
    let name = "the cue seen at \(Self.first)"
    #expect(try words([cue()], [wide]) == ["\(name): boundary 0.5 → 1: reaches 2 × as far"])
    #expect(
      try words([cue()], [cue(key: 1.001)]) == [
        "\(name): the key is nearly the same: it still is present at the old key"
      ])
    #expect(try words([cue()], [cue(mode: .here)]) == ["\(name) moved to here at \(Self.first)"])
    #expect(try words([cue()], [cue(module: Self.second)]) == ["\(name) moved to seen at \(Self.second)"])
    // One that stays is never taken for another that moved, and a cue elsewhere that is read otherwise is another.
    let other = cue(module: Self.second)
    #expect(
      try words([cue(), other], [cue(), cue(mode: .here)]) == [
        "asks no more for a cue seen at \(Self.second): it acts in more places",
        "asks for a cue here at \(Self.first): it acts in fewer places",
      ])
  }

  @Test func rowsOfOneCueShareALine() throws {
    var (old, new) = (memory("a", cues: [cue()]), memory("a", cues: [cue(mode: .here)]))
    old.rows.append(old.rows[0])
    new.rows.append(new.rows[0])
    let statements = try #require(TableDiff(old: [old], new: [new]).changed.first).statements
    #expect(statements == ["each row: the cue seen at \(Self.first) moved to here at \(Self.first)"])
  }

  /// The region of a row with other cues is another one.
  @Test func anotherTargetBehindOtherCues() throws {
    let (old, new) = (memory("a"), memory("a", delta: 1, target: " Tokyo", cues: [cue()]))
    let statements = try #require(TableDiff(old: [old], new: [new]).changed.first).statements
    #expect(statements[0] == #"target " Kathmandu" → " Tokyo""#)
  }

  @Test func renamingTakesCuesIntoAccount() {
    let old = [memory("a", cues: [cue()])]
    #expect(TableDiff(old: old, new: [memory("b", cues: [cue()])]).renamed.count == 1)
    #expect(TableDiff(old: old, new: [memory("b")]).renamed.isEmpty)
    #expect(TableDiff(old: old, new: [memory("b", cues: [cue(mode: .here)])]).renamed.isEmpty)
  }

  @Test func json() throws {
    var wide = cue(key: -1)
    wide.boundary = 1
    let text = change([cue(), cue(mode: .here)], [wide, cue(module: Self.second)]).json.text()
    let root = try JSONDocument(Array(text.utf8), location: "json").root
    let rows = try #require(root["changed"]?.elements[0]["row_changes"])
    let cues = try #require(rows.elements[0]["cues"]?.elements)
    #expect(cues.map { $0["change"]?.string } == ["changed", "removed", "added"])
    #expect(cues[0]["boundary"]?.elements.map { $0.double } == [0.5, 1])
    #expect(cues[0]["mode"]?.elements.map { $0.string } == ["seen", "seen"])
    #expect(try #require(cues[0]["key_cosine"]?.double) < 1)
    let added = change([], [cue()]).json.text()
    #expect(
      added.contains(
        #""cues":[{"change":"added","mode":[null,"seen"],"module":[null,"\#(Self.first)"],"key_cosine":null,"#
          + #""boundary":[null,0.5],"hardness":[null,2.0]}]"#))
    // Memories without cues are told of as before.
    #expect(!TableDiff(old: [memory("a")], new: [memory("a", key: 2)]).json.text().contains("cues"))
  }

  @Test func listing() {
    let line = memoryLine(memory("a", cues: [cue(mode: .here), cue()]))
    #expect(line.contains(" cues=here(\(Self.first),0.5,2.0)+seen(\(Self.first),0.5,2.0) sha256="))
    #expect(!memoryLine(memory("a")).contains("cues="))
    // A byte of a cue's key shows.
    #expect(memoryLine(memory("a", cues: [cue(key: 1)])) != memoryLine(memory("a", cues: [cue(key: -1)])))
    let text = TableDiffTests.lines(TableDiff(old: [], new: [memory("a", cues: [cue()])]))[0]
    #expect(text.hasSuffix("transformer.h.1.attn.c_proj, asks for seen at \(Self.first)"))
  }
}
