import Foundation
import Testing

@testable import CommandLineTools
@testable import Format

@Suite struct TableDiffTests {
  /// The lines as printed to a file.
  static func lines(_ diff: TableDiff) -> [String] {
    DiffText(columns: 0, paint: Paint(isOn: false)).text(diff).split(separator: "\n").map(String.init)
  }

  @Test func equalMemoriesAreUnchanged() {
    let diff = TableDiff(old: [memory("a"), memory("b")], new: [memory("b"), memory("a")])
    #expect(diff.isEmpty && diff.unchanged == 2)
    #expect(diff.summary == "base same, 0 added, 0 removed, 0 renamed, 0 changed, 2 unchanged")
    #expect(
      diff.json.text()
        == #"{"base":"same","added":[],"removed":[],"changed":[],"unchanged":2,"renamed":[],"moved":[],"#
        + #""base_changed":[],"base_tensors":[]}"#)
  }

  @Test func addedAndRemoved() {
    let diff = TableDiff(old: [memory("a"), memory("b")], new: [memory("b"), memory("long name", key: 2)])
    #expect(diff.added.map(\.name) == ["long name"] && diff.removed.map(\.name) == ["a"])
    #expect(diff.unchanged == 1 && diff.changed.isEmpty && diff.renamed.isEmpty && !diff.isEmpty)
    let what = "\"The capital city of Nepal is located in\" → \" Kathmandu\"  transformer.h.1.attn.c_proj"
    #expect(Self.lines(diff).dropLast() == ["- a          \(what)", "+ long name  \(what)"])
  }

  @Test func underTheirSubjects() {
    func about(_ subject: String, _ name: String, key: Float) -> Memory {
      var memory = memory(name, key: key)
      memory.entry = ["name": .string(name), "subject": .string(subject)]
      return memory
    }
    let old = [about("Nepal", "a", key: 1), about("Chad", "b", key: 2), memory("c", key: 3)]
    let new = [about("Chad", "b", key: 4), about("Nepal", "d", key: 5), memory("e", key: 6)]
    let text = DiffText(columns: 0, paint: Paint(isOn: false), bySubject: true).text(TableDiff(old: old, new: new))
    let heads = text.split(separator: "\n").map { $0.prefix { $0 != "\"" }.trimmingCharacters(in: .whitespaces) }
    #expect(heads[0] == "Chad:" && heads[1].hasPrefix("~ b") && heads[2] == "Nepal:")
    #expect(heads[3...6] == ["- a", "+ d", "without a subject:", "- c"] && heads[7] == "+ e")
    #expect(heads.last?.hasPrefix("base same, 2 added, 2 removed, 0 renamed, 1 changed") == true)
  }

  @Test func whereAMemoryOfSeveralRowsStands() {
    var (wide, bare) = (memory("a"), memory("h.1.attn.c_proj[0]", key: 3))
    wide.rows += [memory("a", layer: 2).rows[0], memory("a", key: 2).rows[0]]
    (bare.prompt, bare.target) = ("", "")
    let lines = Self.lines(TableDiff(old: [], new: [wide, bare]))
    #expect(lines[0].hasSuffix("Kathmandu\"  transformer.h.1.attn.c_proj, transformer.h.2.attn.c_proj (3 rows)"))
    #expect(lines[1] == "+ h.1.attn.c_proj[0]  transformer.h.1.attn.c_proj")
  }

  @Test func theSameRowsUnderAnotherNameAreRenamed() {
    var retold = memory("c", key: 2)
    retold.prompt = "Nepal's capital is"
    let diff = TableDiff(
      old: [memory("a"), memory("b", key: 2), memory("d", key: 3)],
      new: [memory("e", key: 4), retold, memory("a2"), memory("d", key: 3)])
    #expect(diff.renamed.map(\.old.name) == ["a", "b"] && diff.renamed.map(\.new.name) == ["a2", "c"])
    #expect(diff.added.map(\.name) == ["e"] && diff.removed.isEmpty && diff.unchanged == 1 && !diff.isEmpty)
    #expect(diff.json.text().contains(#""renamed":[{"from":"a","to":"a2"},{"from":"b","to":"c"}]"#))
    #expect(
      Self.lines(diff)[..<5] == [
        #"= a2  renamed "a" → "a2""#, "      same rows: the model acts as before",
        #"= c   renamed "b" → "c""#,
        #"      prompt "The capital city of Nepal is located in" → "Nepal's capital is""#,
        "      same rows: the model acts as before",
      ])
  }

  @Test func equalRowsArePairedOnceAndInOrder() {
    let diff = TableDiff(old: [memory("a"), memory("b")], new: [memory("x"), memory("y"), memory("z")])
    #expect(diff.renamed.map(\.new.name) == ["x", "y"] && diff.added.map(\.name) == ["z"])
    // At another module they are other rows, and a memory without any is never renamed.
    #expect(TableDiff(old: [memory("a")], new: [memory("b", layer: 2)]).renamed.isEmpty)
    var (none, other) = (memory("a"), memory("b"))
    (none.rows, other.rows) = ([], [])
    #expect(TableDiff(old: [none], new: [other]).renamed.isEmpty)
  }

  @Test func namesArePairedByTheirBytes() {
    let diff = TableDiff(old: [memory("caf\u{E9}")], new: [memory("cafe\u{301}", key: 2)])
    #expect(diff.added.count == 1 && diff.removed.count == 1)
    // Names that look the same are printed in ASCII.
    let renamed = TableDiff(old: [memory("caf\u{E9}")], new: [memory("cafe\u{301}")])
    #expect(renamed.renamed.first?.statements.first == #"renamed "caf\u{00E9}" → "cafe\u{0301}""#)
  }

  @Test func aChangedBoundary() {
    let diff = TableDiff(old: [memory("a")], new: [memory("a", boundary: 0.5)])
    #expect(
      diff.json.text().hasPrefix(
        #"{"base":"same","added":[],"removed":[],"changed":[{"name":"a","key_cosine":1.0,"#
          + #""delta_norm_ratio":1.0,"boundary":[0.25,0.5],"hardness":[3.0,3.0],"moved":null,"rows":[1,1],"#))
    #expect(diff.json.text().contains(#""unchanged":0,"#))
  }

  @Test func aMovedMemory() {
    let diff = TableDiff(old: [memory("a")], new: [memory("a", layer: 2)])
    #expect(
      diff.json.text().contains(
        #""moved":{"from":"transformer.h.1.attn.c_proj","to":"transformer.h.2.attn.c_proj"}"#))
    #expect(diff.json.text().contains(#""key_cosine":null"#) && diff.json.text().contains(#""moved":["a"]"#))
    #expect(
      Self.lines(diff) == [
        "~ a  moved from transformer.h.1.attn.c_proj to transformer.h.2.attn.c_proj",
        "base same, 0 added, 0 removed, 0 renamed, 1 changed (1 moved), 0 unchanged",
      ])
  }

  @Test func aMemoryMovedToAnotherToken() {
    var (subject, next) = (memory("a"), memory("a"))
    (subject.token, subject.rows[0].position, next.rows[0].position) = ("subject", 4, 8)
    let diff = TableDiff(old: [memory("a")], new: [subject])
    let location = #""from":"transformer.h.1.attn.c_proj","to":"transformer.h.1.attn.c_proj""#
    #expect(diff.json.text().contains(#""moved":{\#(location),"token":["last","subject"]}"#))
    #expect(diff.changed.first?.statements.first == "moved from token last to subject")
    #expect(
      TableDiff(old: [memory("a")], new: [next]).changed.first?.statements.first == "moved from token 7 to 8")
    // In a longer prompt the last token stands elsewhere and is the last still.
    next.prompt = "The beautiful capital city of Nepal is located in"
    #expect(TableDiff(old: [memory("a")], new: [next]).changed.first?.isMoved == false)
  }

  @Test func keysAndDeltasAreMeasured() throws {
    let change = try #require(
      TableDiff(old: [memory("a", key: 1, delta: 0.5)], new: [memory("a", key: -1, delta: 1)]).changed.first)
    let cosine = try #require(change.keyCosine)
    #expect(abs(cosine - 46.0 / 48) < 1e-12)
    #expect(change.deltaNormRatio == 2 && change.deltaCosine.map { abs($0 - 1) < 1e-12 } == true)
  }

  @Test func aChangedTargetAndAnotherRow() {
    var other = memory("a", target: " Tokyo")
    other.rows.append(other.rows[0])
    let diff = TableDiff(old: [memory("a")], new: [other])
    #expect(diff.json.text().contains(#""rows":[1,2],"#))
    #expect(diff.json.text().contains(#""target":[" Kathmandu"," Tokyo"]"#))
    #expect(diff.changed.first?.statements == [#"target " Kathmandu" → " Tokyo""#, "rows 1 → 2"])
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
        alpha=1.0 boundary=0.25 hardness=3.0 rows=1 module=transformer.h.1.attn.c_proj ‖key‖=6.9282 ‖delta‖=3.4641 \#
        sha256=a245fca14c5d
        """#)
  }

  /// Norms do not tell turned vectors apart; the line does.
  @Test func shownLinesTellRowsOfEqualNormsApart() {
    #expect(memoryLine(memory("a", key: 1)) != memoryLine(memory("a", key: -1)))
    #expect(memoryLine(memory("a", delta: 1)) != memoryLine(memory("a", delta: -1)))
  }
}
