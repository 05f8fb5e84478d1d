import Foundation
import Testing

@testable import CommandLineTools
@testable import Format

/// The words of `memdiff` about a changed memory.
@Suite struct ChangeWordsTests {
  /// The statements about a memory whose row 0 changed.
  private func words(_ change: (inout MemoryRow) -> Void) throws -> [String] {
    var other = memory("a")
    change(&other.rows[0])
    return try #require(TableDiff(old: [memory("a")], new: [other]).changed.first).statements
  }

  /// A key of the same norm whose cosine with the other is `cosine`.
  private func turned(_ cosine: Double) -> [Float] {
    // Half of the elements against the other half is orthogonal to all ones and as long.
    (0..<48).map { Float(cosine) + ($0 < 24 ? 1 : -1) * Float((1 - cosine * cosine).squareRoot()) }
  }

  @Test func bounds() throws {
    #expect(try words { $0.boundary = 0.3333 } == ["boundary 0.25 → 0.3333: reaches 33 % further"])
    #expect(try words { $0.boundary = 0.2 } == ["boundary 0.25 → 0.2: reaches 20 % less far"])
    #expect(try words { $0.boundary = 0.75 } == ["boundary 0.25 → 0.75: reaches 3 × as far"])
    #expect(try words { $0.boundary = 0.25001 } == ["boundary 0.25 → 0.25001"])
    // (ln 10⁶)^(1/16) is 76 % of (ln 10⁶)^(1/6).
    #expect(try words { $0.hardness = 8 } == ["hardness 3 → 8: a sharper edge, reaches 24 % less far"])
    #expect(
      try words { ($0.boundary, $0.hardness) = (0.5, 1.5) } == [
        "boundary 0.25 → 0.5, hardness 3 → 1.5: a softer edge, reaches 3.098 × as far"
      ])
  }

  @Test func keys() throws {
    #expect(try words { $0.key = turned(0.95) } == ["the key turned (cosine 0.95): it still acts at the old key"])
    #expect(
      try words { $0.key = turned(0.7) } == [
        "the key turned (cosine 0.7): at the old key it acts weakly (strength 0.05049)"
      ])
    #expect(try words { $0.key = turned(0.42) } == ["the key points elsewhere (cosine 0.42): it answers to other text"])
    #expect(try words { $0.key = turned(0.6) } == ["the key turned (cosine 0.6): it answers to other text"])
    #expect(try words { $0.key[0] = 1.001 } == ["the key is nearly the same: it still acts at the old key"])
    #expect(try words { $0.key = $0.key.map { 2 * $0 } } == ["the key is 2 × as long: it answers to other text"])
    #expect(
      try words { $0.key = turned(0.95).map { 1.1 * $0 } } == [
        "the key turned (cosine 0.95, 1.1 × as long): it still acts at the old key"
      ])
  }

  /// A fitted key that turned may still answer to what the old one answered to; one that points elsewhere does not.
  @Test func fittedKeys() throws {
    func words(_ cosine: Double) throws -> [String] {
      var (old, new) = (memory("a"), memory("a"))
      (old.method, new.method, new.rows[0].key) = ("auto", "auto", turned(cosine))
      return try #require(TableDiff(old: [old], new: [new]).changed.first).statements
    }
    #expect(try words(0.6) == ["the key turned (cosine 0.6): it may answer to other text"])
    #expect(try words(0.3) == ["the key points elsewhere (cosine 0.3): it answers to other text"])
    #expect(try words(0.9) == ["the key turned (cosine 0.9): it still acts at the old key"])
  }

  @Test func deltas() throws {
    #expect(
      try words { ($0.delta, $0.alpha) = ($0.delta.map { 2 * $0 }, 2) } == [
        "delta norm 3.464 → 6.928 (alpha 1 → 2): pushes 2 × as hard"
      ])
    #expect(
      try words { $0.delta = $0.delta.map { -$0 } } == ["delta norm 3.464 → 3.464: pushes elsewhere (cosine -1)"])
    #expect(
      try words { $0.delta = turned(0.8).map { $0 / 2 } }[0].hasSuffix("pushes in another direction (cosine 0.8)"))
    #expect(try words { $0.delta = $0.delta.map { _ in 0 } } == ["delta norm 3.464 → 0"])
    #expect(try words { $0.alpha = 3 } == ["alpha 1 → 3", "same rows: the model acts as before"])
  }

  @Test func anotherTarget() throws {
    var other = memory("a", delta: -1, target: " Tokyo")
    (other.targetIDs, other.rows[0].targetID) = ([5], 5)
    let change = try #require(TableDiff(old: [memory("a")], new: [other]).changed.first)
    #expect(
      change.statements == [
        #"target " Kathmandu" → " Tokyo": same region, other target"#,
        "delta norm 3.464 → 6.928: pushes elsewhere (cosine -1)",
      ])
    // Only the name of the target: nothing that runs is different.
    let told = try #require(TableDiff(old: [memory("a")], new: [memory("a", target: " KTM")]).changed.first)
    #expect(told.statements == [#"target " Kathmandu" → " KTM""#, "same rows: the model acts as before"])
  }

  @Test func rowsThatSayTheSameShareALine() throws {
    var (old, new) = (memory("a"), memory("a"))
    old.rows = [old.rows[0], old.rows[0], old.rows[0]]
    new.rows = old.rows
    for i in 0..<3 { new.rows[i].hardness = 8 }
    new.rows[1].key = turned(0.42)
    new.rows[2].module = "transformer.h.2.attn.c_proj"
    let change = try #require(TableDiff(old: [old], new: [new]).changed.first)
    #expect(
      change.statements == [
        "moved from transformer.h.1.attn.c_proj to transformer.h.2.attn.c_proj",
        "each row: hardness 3 → 8: a sharper edge, reaches 24 % less far",
        "row 1: the key points elsewhere (cosine 0.42): it answers to other text",
      ])
    let json = try #require(try change.json["row_changes"])
    #expect(json.elements.map { $0["row"]?.int } == [0, 1, 2] && json.elements[2]["key_cosine"]?.isNull == true)
    new.rows.append(new.rows[0])
    new.rows[0] = old.rows[0]
    let longer = try #require(TableDiff(old: [old], new: [new]).changed.first).statements
    #expect(
      longer[1] == "rows 3 → 4" && longer[2].hasPrefix("row 1: the key") && longer[3].hasPrefix("rows 1, 2: hard"))
  }
}

extension MemoryChange {
  /// The object that stands for the change in the JSON of a diff that has no other.
  fileprivate var json: JSONValue {
    get throws {
      let text = TableDiff(old: [old], new: [new]).json.bytes()
      return try #require(try JSONDocument(text, location: "json").root["changed"]).elements[0]
    }
  }
}
