import Testing

@testable import Format
@testable import Rewriter

/// Facts in tables of comma-, semicolon- or tab-separated values.
@Suite struct CatalogTests {
  private func memories(_ text: String, as name: String = "facts.csv") throws -> [MemorySpec] {
    try Spec(json: Array(text.utf8), location: name).memories
  }

  @Test func readsRows() throws {
    let facts = try memories(
      """
      name,template,subject,target,positive,positive,negative
      nepal,The capital city of {} is located in,Nepal,Kathmandu,Nepal's capital is,,The capital city of India is located in
      ,The owner of {} is,"Ravenhill ""Old"" Castle",Ann Pell,,,

      """)
    #expect(facts.map(\.name) == ["nepal", #"The owner of Ravenhill "Old" Castle is"#])
    #expect(
      facts.map(\.prompt) == ["The capital city of Nepal is located in", #"The owner of Ravenhill "Old" Castle is"#])
    #expect(facts.map(\.target) == [" Kathmandu", " Ann Pell"])
    #expect(facts.map(\.subject) == ["Nepal", #"Ravenhill "Old" Castle"#])
    #expect(facts[0].positives == ["Nepal's capital is"] && facts[1].positives.isEmpty)
    #expect(facts[0].negatives == ["The capital city of India is located in"])
  }

  /// One table in every dialect that programs export.
  @Test(arguments: [
    ("facts.csv", "prompt,target\nIt is in,Oslo\n"), ("facts.csv", "\u{FEFF}prompt,target\r\nIt is in,Oslo\r\n"),
    ("facts.csv", "\"prompt\",\"target\"\r\n\"It is in\",\"Oslo\""),
    ("facts.csv", "Prompt; Target\n\n\nIt is in;Oslo\n\n"),
    ("facts.tsv", "prompt\ttarget\nIt is in\tOslo"), ("facts.txt", "target,prompt\nOslo,It is in\n"),
    ("FACTS.CSV", "prompts,targets\nIt is in, Oslo\n"), ("a.csv", " \n\nprompt,target\n  \nIt is in,Oslo\n \n"),
  ])
  func readsDialects(_ name: String, _ text: String) throws {
    let facts = try memories(text, as: name)
    #expect(facts.map(\.prompt) == ["It is in"] && facts.map(\.target) == [" Oslo"])
  }

  @Test func quotesHoldSeparatorsAndLines() throws {
    let facts = try memories(
      "prompt,target\n\"Who, if\nanyone, is\r\nthere?\",\"It is \"\"Bo\"\", 5\"\" tall\"\nIt is 5\" and,long\n")
    #expect(facts[0].prompt == "Who, if\nanyone, is\r\nthere?" && facts[0].target == " It is \"Bo\", 5\" tall")
    #expect(facts[1].prompt == "It is 5\" and" && facts[1].target == " long")
  }

  /// A space goes before a target that begins a word, where the prompt does not end in one.
  @Test(arguments: [
    ("It is in", "Oslo", " Oslo"), ("It is in", " Oslo", " Oslo"), ("It is in ", "Oslo", "Oslo"), ("A:", "No.", " No."),
    ("It is \u{201C}", "Oslo", "Oslo"), ("首都は", "東京", "東京"), ("It is", ", say, Oslo", ", say, Oslo"),
  ])
  func spacesTargets(_ prompt: String, _ target: String, _ expected: String) {
    #expect(Seam(prompt, target).spacedTarget == expected)
  }

  private static let broken: [(text: String, place: String)] = [
    ("prompt,target,subjct\na,b,c\n", "line 1: column 3: unknown column, expected subject?"),
    ("prompt,target,target\na,b,c\n", "line 1: column 3: a second column"),
    ("prompt,subject\na,b\n", "line 1: the header lacks a column"),
    ("template,target\na,b\n", "line 1: the header lacks a column"),
    ("prompt,target\na,b\na\n", "line 3: wrong number of fields, expected 2, got 1"),
    ("prompt,target\n\"a\nb\",c\nd,\n", "line 4: column 2 (target): empty"),
    ("prompt,target\n,b\n", "line 2: column 1 (prompt): empty"),
    ("prompt,target\na,\"b\nc\n", "line 2: column 2: a quote does not end"),
    ("prompt,target\n\"a\"x,b\n", "line 2: column 1: text behind a quoted field"),
    ("template,subject,target\nno place,a,b\n", "line 2: column 1 (template): not a template"),
    ("template,subject,target\n{} and {},a,b\n", "line 2: column 1 (template): not a template"),
    ("prompt,subject,target\na,b,c\n", "line 2: subject: the subject is not in the prompt"),
    ("prompt,target\na,b\na,c\n", "line 3: target: the memories"),
    ("name,prompt,target\nx,a,b\nx,c,b\n", "line 3: name: the name is taken by line 2"),
    ("prompt,target\n", "no memories"), ("", "no header"),
  ]

  @Test(arguments: broken.indices) func namesLineAndColumn(_ index: Int) {
    let (text, place) = Self.broken[index]
    #expect {
      try memories(text)
    } throws: { error in
      (error as? FormatError)?.kind == .spec && "\(error)".contains(place)
    }
  }

  @Test func bytesThatAreNoTextAreNamed() {
    let bytes = Array("prompt,target\na,b\n".utf8) + [0xFF, UInt8(ascii: ","), 0x61]
    #expect {
      try Spec(json: bytes, location: "facts.csv")
    } throws: { "\($0)" == "facts.csv: line 3: column 1: not text, expected UTF-8" }
  }

  @Test func longPromptsHaveShortNames() throws {
    let long = String(repeating: "é and so on ", count: 40)
    let facts = try memories("prompt,target\n\(long)one,b\n\(long)two,b\n")
    #expect(facts.allSatisfy { $0.name.utf8.count <= 200 && $0.name.hasPrefix("é and so on") })
    #expect(facts[0].name != facts[1].name)
  }
}
