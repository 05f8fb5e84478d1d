import Testing

@testable import CommandLineTools
@testable import Format

@Suite struct TableDiffTests {
  @Test func equalMemoriesAreUnchanged() {
    let diff = TableDiff(old: [memory("a"), memory("b")], new: [memory("b"), memory("a")])
    #expect(diff.isEmpty && diff.unchanged == 2)
    #expect(diff.summary == "base same, 0 added, 0 removed, 0 changed, 2 unchanged")
    #expect(
      diff.json.text() == #"{"base":"same","added":[],"removed":[],"changed":[],"unchanged":2}"#)
  }

  @Test func addedAndRemoved() {
    let diff = TableDiff(old: [memory("a"), memory("b")], new: [memory("b"), memory("long name")])
    #expect(diff.added.map(\.name) == ["long name"] && diff.removed.map(\.name) == ["a"])
    #expect(diff.unchanged == 1 && diff.changed.isEmpty && !diff.isEmpty)
    let what = "\"The capital city of Nepal is located in\" → \" Kathmandu\"  transformer.h.1.attn.c_proj"
    #expect(diff.lines == ["- a          \(what)", "+ long name  \(what)"])
  }

  @Test func namesArePairedByTheirBytes() {
    let diff = TableDiff(old: [memory("caf\u{E9}")], new: [memory("cafe\u{301}")])
    #expect(diff.added.count == 1 && diff.removed.count == 1)
  }

  @Test func aChangedBoundary() {
    let diff = TableDiff(old: [memory("a")], new: [memory("a", boundary: 0.5)])
    #expect(
      diff.json.text()
        == #"{"base":"same","added":[],"removed":[],"changed":[{"name":"a","key_cosine":1.0,"#
        + #""delta_norm_ratio":1.0,"boundary":[0.25,0.5],"hardness":[3.0,3.0],"moved":null,"rows":[1,1]}],"#
        + #""unchanged":0}"#)
    #expect(diff.lines == ["~ a  boundary 0.25 → 0.5"])
  }

  @Test func aMovedMemory() {
    let diff = TableDiff(old: [memory("a")], new: [memory("a", layer: 2)])
    #expect(
      diff.json.text().contains(
        #""moved":{"from":"transformer.h.1.attn.c_proj","to":"transformer.h.2.attn.c_proj"}"#))
    #expect(diff.lines == ["~ a  module transformer.h.1.attn.c_proj → transformer.h.2.attn.c_proj"])
  }

  @Test func keysAndDeltasAreMeasured() throws {
    let change = try #require(
      TableDiff(old: [memory("a", key: 1, delta: 0.5)], new: [memory("a", key: -1, delta: 1)]).changed.first)
    let cosine = try #require(change.keyCosine)
    #expect(abs(cosine - 46.0 / 48) < 1e-12)
    #expect(change.deltaNormRatio == 2)
  }

  @Test func aChangedTargetAndAnotherRow() {
    var other = memory("a", target: " Tokyo")
    other.rows.append(other.rows[0])
    let text = TableDiff(old: [memory("a")], new: [other]).json.text()
    #expect(text.contains(#""rows":[1,2],"target":[" Kathmandu"," Tokyo"]"#))
  }

  @Test func keysOfOtherWidthsHaveNoCosine() throws {
    var other = memory("a")
    other.rows[0].key.removeLast()
    other.rows[0].delta.removeLast()
    let diff = TableDiff(old: [memory("a")], new: [other])
    #expect(diff.changed.first?.keyCosine == nil)
    #expect(diff.json.text().contains(#""key_cosine":null"#))
  }

  @Test func shownLinesEscapeWhatTerminalsTakeForCommands() {
    #expect(
      memoryLine(memory("a\u{1B}[2J", target: " x\ny")) == #"""
        a\u{1b}[2J  "The capital city of Nepal is located in" → " x\ny"  method=seed site=attn layer=1 token=last \#
        alpha=1.0 boundary=0.25 hardness=3.0 rows=1 module=transformer.h.1.attn.c_proj ‖key‖=6.9282 ‖delta‖=3.4641
        """#)
  }
}
