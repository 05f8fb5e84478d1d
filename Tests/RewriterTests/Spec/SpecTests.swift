import Format
import Testing

@testable import Rewriter
@testable import Runtime

/// The memory of a spec with a valid one to which `extra` members are added.
private func oneMemory(_ extra: String = "", defaults: String? = nil) throws(FormatError) -> MemorySpec {
  let memory =
    #"{"name": "n", "prompt": "Paris lies in", "target": " France"\#(extra.isEmpty ? "" : ", " + extra)}"#
  let start = defaults.map { #"{"defaults": {\#($0)}, "# } ?? "{"
  return try Spec(json: Array((start + #""memories": [\#(memory)]}"#).utf8), location: "s.json").memories[0]
}

private func read(_ json: String) throws(FormatError) -> Spec {
  try Spec(json: Array(json.utf8), location: "s.json")
}

/// Values of specs as they are read.
@Suite struct SpecTests {
  @Test func theShortestMemoryLeavesEverythingOpen() throws {
    let memory = try oneMemory()
    #expect(memory.name == "n")
    #expect(memory.prompt == "Paris lies in")
    #expect(memory.target == " France")
    #expect(memory.positives.isEmpty && memory.negatives.isEmpty)
    #expect(memory.heldOutPositives.isEmpty && memory.heldOutNegatives.isEmpty)
    #expect(memory.subject == nil)
    #expect(memory.method == .auto)
    #expect(memory.site == .auto && memory.layer == .auto && memory.alpha == .auto)
    #expect(memory.boundary == .auto && memory.hardness == .auto)
    #expect(memory.targetTokens == .all)
    #expect(memory.token == .auto)
    #expect(memory.prefixes == .auto)
    #expect(memory.site.value == nil)
  }

  @Test func everySettingIsRead() throws {
    let memory = try oneMemory(
      #"""
      "positives": ["a", "b"], "negatives": ["c"], "method": "seed", "site": "mlp", "layer": 0, "alpha": 10,
      "boundary": 0.255, "hardness": 3, "target_tokens": "first", "subject": "Paris", "token": "subject",
      "held_out": {"positives": ["d"], "negatives": ["e", "f"]}, "prefixes": ["Well, ", "So:\n"]
      """#)
    #expect(memory.positives == ["a", "b"])
    #expect(memory.negatives == ["c"])
    #expect(memory.method == .seed)
    #expect(memory.site == .given(.mlp))
    #expect(memory.layer == .given(0))
    #expect(memory.alpha == .given(10))
    #expect(memory.boundary.value == 0.255)
    #expect(memory.hardness == .given(3))
    #expect(memory.targetTokens == .first)
    #expect(memory.subject == "Paris")
    #expect(memory.token == .subject)
    #expect(memory.prefixes == .given(["Well, ", "So:\n"]))
    #expect(memory.heldOutPositives == ["d"])
    #expect(memory.heldOutNegatives == ["e", "f"])
    #expect(memory.positivePrompts == ["Paris lies in", "a", "b"])
  }

  @Test(arguments: [
    (#""auto""#, MemorySpec.Token.auto, "auto"), (#""last""#, .last, "last"), ("0", .index(0), "0"),
    ("3", .index(3), "3"), ("-1", .index(-1), "-1"), ("-12", .index(-12), "-12"),
    (#""subject", "subject": "lies""#, .subject, "subject"),
  ])
  func everyTokenIsReadAndWritten(_ json: String, _ token: MemorySpec.Token, _ text: String) throws {
    let memory = try oneMemory(#""token": \#(json)"#)
    #expect(memory.token == token)
    #expect(memory.token.description == text)
    let entry = try JSONDocument(memory.completeEntry.bytes(), location: "manifest")
    #expect(try MemorySpec(entry.root).token == token)
  }

  @Test func theSeedTakesTheLastTokenUnlessToldOtherwise() throws {
    #expect(try oneMemory(#""method": "seed""#).keyToken == .last)
    #expect(try oneMemory(#""method": "seed", "token": 2"#).keyToken == .index(2))
    #expect(try oneMemory(#""method": "auto""#).keyToken == .auto)
    // The command line may set the method of a memory that was read with another.
    var memory = try oneMemory()
    memory.method = .seed
    #expect(memory.keyToken == .last)
  }

  @Test func theSubjectTokenMayBeTheDefaultOfMemoriesWithSubjects() throws {
    let memory = try oneMemory(#""subject": "Paris""#, defaults: #""token": "subject""#)
    #expect(memory.token == .subject)
    #expect(try oneMemory(#""token": "last""#, defaults: #""token": "subject""#).token == .last)
  }

  @Test func noPrefixesIsAnotherChoiceThanAuto() throws {
    #expect(try oneMemory(#""prefixes": []"#, defaults: #""prefixes": ["a"]"#).prefixes == .given([]))
    #expect(try oneMemory(#""prefixes": "auto""#, defaults: #""prefixes": ["a"]"#).prefixes == .auto)
    #expect(try oneMemory(defaults: #""prefixes": ["a"]"#).prefixes == .given(["a"]))
  }

  @Test func theKeyPromptAmongThePositivesCountsOnce() throws {
    let memory = try oneMemory(#""positives": ["a", "Paris lies in"]"#)
    #expect(memory.positivePrompts == ["Paris lies in", "a"])
  }

  @Test func autoIsAChoiceEverywhere() throws {
    let memory = try oneMemory(
      #""site": "auto", "layer": "auto", "alpha": "auto", "boundary": "auto", "hardness": "auto""#,
      defaults: #""site": "mlp", "layer": 4, "alpha": 2, "boundary": 0.5, "hardness": 3"#)
    #expect(memory.site == .auto && memory.layer == .auto && memory.alpha == .auto)
    #expect(memory.boundary == .auto && memory.hardness == .auto)
  }

  @Test func defaultsFillWhatAMemoryLacks() throws {
    let memory = try oneMemory(
      #""layer": 2, "negatives": []"#,
      defaults: #""layer": 7, "site": "attn", "method": "seed", "positives": ["p"], "negatives": ["q"]"#)
    #expect(memory.layer == .given(2))
    #expect(memory.site == .given(.attn))
    #expect(memory.method == .seed)
    #expect(memory.positives == ["p"])
    #expect(memory.negatives.isEmpty)
  }

  @Test func theEntryIsKeptAsGiven() throws {
    let memory = try oneMemory(
      #""boundary": 0.50, "subject": "Paris""#, defaults: #""site": "mlp", "boundary": 1"#)
    let given = #"{"name":"n","prompt":"Paris lies in","target":" France","boundary":0.50,"subject":"Paris"}"#
    #expect(memory.entry.text() == given)
    #expect(memory.completeEntry.text() == given.dropLast() + #","site":"mlp"}"#)
  }

  @Test func aCompleteEntryReadsBackAlone() throws {
    let memory = try oneMemory(#""layer": 3"#, defaults: #""alpha": 2.5, "negatives": ["q"]"#)
    let document = try JSONDocument(memory.completeEntry.bytes(), location: "manifest")
    let again = try MemorySpec(document.root)
    #expect(again.layer == .given(3))
    #expect(again.alpha == .given(2.5))
    #expect(again.negatives == ["q"])
  }

  @Test func memoriesKeepTheirOrder() throws {
    let spec = try read(
      """
      {"memories": [{"name": "b", "prompt": "x", "target": "1"}, {"name": "a", "prompt": "y", "target": "2"},
                    {"name": "c", "prompt": "x", "target": "1", "site": "mlp"}]}
      """)
    #expect(spec.memories.map(\.name) == ["b", "a", "c"])
  }

  @Test func namesAreComparedByBytes() throws {
    let composed = "caf\u{E9}"
    let decomposed = "cafe\u{301}"
    let spec = try read(
      #"{"memories": [{"name": "\#(composed)", "prompt": "x", "target": "1"}, "#
        + #"{"name": "\#(decomposed)", "prompt": "y", "target": "2"}]}"#)
    #expect(spec.memories.count == 2)
  }

  @Test func aNameOf200BytesIsAllowed() throws {
    let name = String(repeating: "é", count: 100)
    let spec = try read(#"{"memories": [{"name": "\#(name)", "prompt": "x", "target": "1"}]}"#)
    #expect(spec.memories[0].name == name)
  }

  @Test func aMissingFileIsNamed() {
    #expect(throws: FormatError(.missing, "/nowhere/s.json", "no such file")) {
      try Spec(path: "/nowhere/s.json")
    }
  }

  @Test func brokenJSONIsNotASpecError() {
    let error = #expect(throws: FormatError.self) { try read(#"{"memories": [}"#) }
    #expect(error?.kind == .json)
    #expect(error?.location == "s.json")
  }
}
