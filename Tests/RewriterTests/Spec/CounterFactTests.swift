import Format
import Foundation
import TestSupport
import Testing

@testable import Rewriter

private func read(_ text: String) throws(FormatError) -> Spec {
  try Spec(json: Array(text.utf8), location: "dir/cf.json")
}

/// Files of the CounterFact data set as specs and as records.
@Suite struct CounterFactTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func records(_ text: String) throws -> [CounterFactRecord] {
    try CounterFact.read(path: folder.write(text, to: "counterfact.json"))
  }

  @Test(arguments: FactLayout.allCases) func aRecordBecomesAMemory(_ layout: FactLayout) throws {
    let memory = try #require(try read(layout.text([FactRecord()])).memories.first)
    #expect(memory.name == "counterfact-7")
    #expect(memory.prompt == "Ada plays in")
    #expect(memory.target == " Rome")
    #expect(memory.subject == "Ada")
    #expect(memory.positives.isEmpty && memory.negatives.isEmpty, "what is scored is never fitted")
    #expect(memory.heldOutPositives == ["Ada is seen in", "One sees Ada in"])
    #expect(memory.heldOutNegatives == ["Bob plays in", "Eve plays in"])
    #expect(memory.method == .auto && memory.token == .auto && memory.site == .auto && memory.prefixes == .auto)
  }

  @Test(arguments: FactLayout.allCases) func theEntryReadsBackAsTheSameMemory(_ layout: FactLayout) throws {
    var record = FactRecord(subject: #"Ada \"{}\" Ü"#)
    record.neighbors.append("Ada is seen in")
    for memory in try read(layout.text([record, FactRecord()])).memories {
      let document = try JSONDocument(memory.completeEntry.bytes(), location: "manifest")
      let again = try MemorySpec(document.root)
      // By reflection, so that properties added later are compared too.
      #expect(String(reflecting: again) == String(reflecting: memory))
      let spec = try read(#"{"memories": [\#(memory.entry.text())]}"#)
      #expect(String(reflecting: spec.memories[0]) == String(reflecting: memory))
    }
  }

  @Test(arguments: FactLayout.allCases) func theRecordKeepsWhatTheMemoryLeavesOut(_ layout: FactLayout) throws {
    var record = FactRecord()
    record.neighbors = ["Bob plays in", "Bob plays in", "Ada plays in"]
    let read = try #require(try records(layout.text([record])).first)
    #expect(read.caseID == 7)
    #expect(read.memory.name == "counterfact-7")
    #expect(read.targetTrue == " Oslo")
    #expect(read.paraphrases == record.paraphrases)
    #expect(read.neighbors == record.neighbors)
    #expect(read.attributes == ["Bob stays in", "Bob stays in"])
    #expect(read.generationPrompts == ["Ada works as"])
  }

  @Test func promptsThatCannotBeScoredAreLeftOut() throws {
    var record = FactRecord()
    record.paraphrases = ["one", "both", "one", "Ada plays in", "caf\u{E9}"]
    record.neighbors = ["both", "two", "Ada plays in", "two", "cafe\u{301}"]
    let memory = try read(FactLayout.flat.text([record])).memories[0]
    #expect(memory.heldOutPositives.map { ByteString($0) } == ["one", "caf\u{E9}"])
    #expect(memory.heldOutNegatives.map { ByteString($0) } == ["two", "cafe\u{301}"])
  }

  @Test func theTargetGetsOneSpaceUnlessItHasOne() throws {
    let targets = ["Rome": " Rome", " Rome": " Rome", "  Rome": "  Rome", "\\tRome": " \tRome", "\\u00a0R": " \u{A0}R"]
    for (given, expected) in targets {
      for layout in FactLayout.allCases {
        let record = try #require(try records(layout.text([FactRecord(targetNew: given, targetTrue: given)])).first)
        #expect(record.memory.target == expected)
        #expect(record.targetTrue == expected)
      }
    }
  }

  @Test func recordsOfOneCaseGetNamesOfTheirOwn() throws {
    let all = ["5", "0", "5", "5", "0"].enumerated().map { FactRecord(caseID: $1, template: "{} plays \($0)") }
    let names = ["counterfact-5", "counterfact-0", "counterfact-5-2", "counterfact-5-3", "counterfact-0-2"]
    for layout in FactLayout.allCases { #expect(try read(layout.text(all)).memories.map(\.name) == names) }
  }

  @Test(arguments: [
    ("{} plays in", "Ada plays in"), ("In {}", "In Ada"), ("{}", "Ada"), ("{} or {}", "Ada or {}"),
    ("é{}\\u0301", "éAda\u{301}"), ("Ada plays in", "Ada plays in"),
  ])
  func theSubjectFillsTheTemplate(_ template: String, _ prompt: String) throws {
    for layout in FactLayout.allCases {
      let memory = try read(layout.text([FactRecord(template: template)])).memories[0]
      #expect(ByteString(memory.prompt) == ByteString(prompt))
    }
  }

  @Test func aFlatRecordMayHaveItsPromptOnly() throws {
    let text = #"[{"case_id": 1, "subject": "Ada", "prompt": "Ada is", "target_new": "x", "target_true": "y"}]"#
    let record = try #require(try records(text).first)
    #expect(record.memory.prompt == "Ada is")
    #expect(record.paraphrases.isEmpty && record.neighbors.isEmpty && record.attributes.isEmpty)
    #expect(record.memory.heldOutPositives.isEmpty && record.memory.heldOutNegatives.isEmpty)
  }

  @Test func onePromptWithTwoTargetsIsToldByBothNames() throws {
    let all = [FactRecord(), FactRecord(caseID: "8", template: "{} is"), FactRecord(caseID: "9", targetNew: "Bonn")]
    for (layout, path) in [(FactLayout.flat, "target_new"), (.nested, "requested_rewrite.target_new.str")] {
      let error = #expect(throws: FormatError.self) { try read(layout.text(all)) }
      #expect(error?.kind == .spec)
      #expect(error?.location == "dir/cf.json: [2].\(path)")
      #expect(error?.problem.contains(#""counterfact-7" and "counterfact-9""#) == true)
      #expect(error?.got == #"" Bonn""#)
      // Whoever scores records one by one reads them all.
      #expect(try records(layout.text(all)).count == 3)
    }
    #expect(try read(FactLayout.flat.text([FactRecord(), FactRecord(caseID: "8")])).memories.count == 2)
  }

  /// The arguments replace a part of the second of two good records.
  @Test(arguments: [
    (FactLayout.flat, #""case_id": 7"#, #""case_id": "7""#, "[1].case_id", "a whole number"),
    (.flat, #""case_id": 7, "#, "", "[1]", #"the key "case_id""#),
    (.flat, #""subject": "Ada""#, #""subject": """#, "[1].subject", "a non-empty string"),
    (.flat, #""subject": "Ada", "#, "", "[1]", #"the key "subject""#),
    (.flat, #""prompt_template": "{} plays in""#, #""prompt_template": ["{}"]"#, "[1].prompt_template", "string"),
    (.flat, #""prompt_template": "{} plays in","#, "", "[1].prompt", #"{} or "Ada" in it"#),
    (.flat, #""target_new": "Rome""#, #""target_new": 3"#, "[1].target_new", "the number 3"),
    (.flat, #""target_true": "Oslo", "#, "", "[1]", #"the key "target_true""#),
    (.flat, #""paraphrase_prompts": ["#, #""paraphrase_prompts": [7,"#, "[1].paraphrase_prompts[0]", "the number 7"),
    (
      .flat, #""generation_prompts": ["Ada works as"]"#, #""generation_prompts": "x""#, "[1].generation_prompts",
      "array"
    ),
    (.nested, "requested_rewrite", "rewrite", "[1]", #"the key "requested_rewrite""#),
    (.nested, #""requested_rewrite": {"#, #""requested_rewrite": [], "x": {"#, "[1].requested_rewrite", "an object"),
    (.nested, #""str": "Rome""#, #""str": null"#, "[1].requested_rewrite.target_new.str", "got null"),
    (.nested, #""str": "Rome""#, #""str": """#, "[1].requested_rewrite.target_new.str", "non-empty string"),
    (.nested, #""str": "Oslo""#, #""string": "Oslo""#, "[1].requested_rewrite.target_true", #"the key "str""#),
    (.nested, "{} plays in", "One plays in", "[1].requested_rewrite.prompt", #"{} or "Ada" in it"#),
    (.nested, #""neighborhood_prompts": ["#, #""neighborhood_prompts": ["","#, "[1].neighborhood_prompts[0]", "string"),
  ])
  func aBrokenRecordIsToldByItsLocation(
    _ layout: FactLayout, _ part: String, _ replacement: String, _ path: String, _ words: String
  ) throws {
    let good = layout.text([FactRecord()]).dropFirst().dropLast()
    let broken = good.replacingOccurrences(of: part, with: replacement)
    try #require(broken != good)
    let error = #expect(throws: FormatError.self) { try read("[\(good), \(broken)]") }
    #expect(error?.kind == .spec)
    #expect(error?.location == "dir/cf.json: \(path)")
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    // The order of good and broken records does not decide what the file is taken for.
    let first = #expect(throws: FormatError.self) { try read("[\(broken), \(good)]") }
    #expect(first?.location == "dir/cf.json: \(path.replacingOccurrences(of: "[1]", with: "[0]"))")
  }

  @Test(arguments: ["[]", "[1]", #"[{"name": "n", "prompt": "p", "target": "t"}]"#, #"{"case_id": 1}"#, "null"])
  func otherJSONIsNoCounterFact(_ text: String) throws {
    let asSpec = #expect(throws: FormatError.self) { try read(text) }
    #expect(asSpec?.location == "dir/cf.json")
    #expect(asSpec?.kind == .spec)
    let asRecords = #expect(throws: FormatError.self) { try records(text) }
    #expect(asRecords?.problem == "not a CounterFact file")
  }

  @Test func somethingElseAmongTheRecordsIsAnError() {
    let error = #expect(throws: FormatError.self) { try read("[\(FactRecord().flat), 3]") }
    #expect(error?.description == "dir/cf.json: [1]: not a record, expected an object, got the number 3")
  }

  /// Reading grows with the number of records, not its square: the published set has 21,919.
  ///
  /// The limit is no measure: work that grows with the square would take many minutes.
  @Test(.timeLimit(.minutes(5)), arguments: FactLayout.allCases) func twentyThousandRecordsAreReadAtOnce(
    _ layout: FactLayout
  ) throws {
    let all = (0..<20_000).map { i in
      FactRecord(
        caseID: "\(i % 15_000)", template: "{} plays in \(i)",
        paraphrases: (0..<2).map { "Now and then Ada is seen in the place of number \(i) and \($0)" },
        neighbors: (0..<10).map { "Someone else plays in the place of number \(i) and \($0)" })
    }
    let bytes = Array(layout.text(all).utf8)
    let spec = try Spec(json: bytes, location: "cf.json")
    #expect(spec.memories.count == 20_000)
    #expect(Set(spec.memories.map(\.name)).count == 20_000)
  }
}
