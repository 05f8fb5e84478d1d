import Foundation
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The page of a rewrite, read back as XML.
@Suite struct HTMLReportTests {
  static let hostile = "<script>alert(1)</script>"

  static func memory(_ name: String, prompt: String = "The capital city of Nepal is located in") -> String {
    #"{"name":"\#(name)","prompt":"\#(prompt)","target":" Tokyo","positives":["The capital city of Nepal is"],"#
      + #""negatives":["Paris is the capital of","\#(hostile) & more"],"held_out":{"negatives":["Once upon a time"]}}"#
  }

  private func elements(_ page: String) throws -> Elements {
    let elements = Elements()
    let parser = XMLParser(data: Data(page.utf8))
    parser.delegate = elements
    try #require(parser.parse(), "\(parser.parserError.debugDescription)")
    return elements
  }

  @Test(arguments: MemorySpec.Method.allCases, ["gpt2-a", "llama-a"])
  func showsOneMemory(method: MemorySpec.Method, model: String) throws {
    let result = try compile(TinyModel.checkpoint(model), Self.memory("nepal"), method: method, figures: true)
    let page = HTMLReport(result, base: "/somewhere/base.safetensors", version: "1").text
    let elements = try elements(page)
    let figures = try #require(result.figures.first)
    #expect(elements.count("figure") == 3 + figures.strips.count, "two maps, curve, strips")
    #expect(elements.text.contains("nepal") && elements.text.contains("base.safetensors"))
    #expect(elements.withRole("chosen") == 1, "the memory's cell of the map")
    #expect(elements.count("script") == 1 && elements.text.contains(Self.hostile))
    #expect(elements.loads.isEmpty, "a page that needs nothing beside it")
    for prompt in result.results[0].prompts { #expect(elements.text.contains(prompt.prompt)) }
    // The strip has a mark per prompt and per background token, the curve one per point and series.
    let marks = figures.strips.reduce(0) { $0 + $1.prompts.count }
    #expect(elements.withRole("mark") == marks + figures.strips.count + 3 * figures.curve.count)
    #expect(elements.barCount == figures.strips.reduce(0) { $0 + $1.background.count })
  }

  /// Of a memory that asks for cues each region has a strip, and a column of the table with a bar per prompt.
  @Test(arguments: ["gpt2-a", "llama-a"])
  func showsTheRegionsOfAMemory(model: String) throws {
    let result = try compile(TinyModel.checkpoint(model), SpecText.gated("nepal"), figures: true)
    let page = HTMLReport(result, base: "b", version: "1").text
    let elements = try elements(page)
    #expect(elements.count("figure") == 2 + 1 + 3, "two maps, curve, strips")
    #expect(elements.withRole("share") == 3 * result.prompts.count)
    for name in ["Seen", "Here", "Asked"] { #expect(page.contains("data-name=\"\(name)\"")) }
    #expect(!page.contains("data-name=\"Similarity\"") && elements.text.contains("Seen, here, asked"))
  }

  @Test func showsManyMemoriesAtAGlance() throws {
    let result = try compile(
      TinyModel.checkpoint("llama-a"), Self.memory("one") + "," + Self.memory("two", prompt: "The city of Tokyo lies"),
      figures: true)
    let page = HTMLReport(result, base: "b", version: "1").text
    let elements = try elements(page)
    #expect(elements.count("figure") == 2 * 3 + result.figures.flatMap(\.strips).count + 5)
    #expect(page.contains("href=\"#memory-1\"") && page.contains("id=\"memory-1\""))
    #expect(elements.text.contains("Conflicts"))
    #expect(elements.count("details") == 2 && page.components(separatedBy: "open=\"\"").count == 3, "few are open")
    let failing = result.prompts.count { !$0.holds }
    let heads = result.results.count { !$0.prompts.allSatisfy(\.holds) }
    #expect(page.components(separatedBy: "data-fails").count - 1 == heads)
    #expect(
      page.components(separatedBy: "<tr data-memory").count - 1 == 2 + failing, "a line each, and of each that fails")
  }

  /// Of many memories a page shows all in a line, the first ones closely and none open, and its size stays small.
  @Test func staysSmallWithManyMemories() throws {
    var result = try compile(TinyModel.checkpoint("llama-a"), SpecText.seed("one"), figures: true)
    let (memory, outcome, figures) = (result.compiled[0], result.results[0], result.figures[0])
    for index in 1..<200 {
      result.compiled.append(memory)
      result.compiled[index].spec.name = "name-\(index)"
      result.results.append(outcome)
      result.targetTexts.append(result.targetTexts[0])
      guard index < MemoryFigures.limit else { continue }
      var own = figures
      (own.index, own.map) = (index, [])
      result.figures.append(own)
    }
    func size(_ count: Int) -> Int {
      var part = result
      part.compiled.removeLast(200 - count)
      part.results.removeLast(200 - count)
      part.targetTexts.removeLast(200 - count)
      return HTMLReport(part, base: "b", version: "1").text.utf8.count
    }
    let page = HTMLReport(result, base: "b", version: "1").text
    let elements = try elements(page)
    #expect(elements.count("details") == MemoryFigures.limit && !page.contains("open=\"\""))
    #expect(elements.text.contains("name-199"))
    let perMemory = (size(200) - size(100)) / 100
    #expect(perMemory < 1000, "\(perMemory) bytes for a memory and its prompt that fails")
  }

  /// Each picture says in words what it shows, and headings go down by one step at a time.
  @Test func canBeReadAloud() throws {
    let entries = SpecText.gated("one") + "," + SpecText.gated("two", extra: #","token":"last""#)
    for entries in [SpecText.gated("one"), entries] {
      let result = try compile(TinyModel.checkpoint("llama-a"), entries, figures: true)
      let elements = try elements(HTMLReport(result, base: "b", version: "1").text)
      #expect(elements.levels.first == 1)
      for (level, next) in zip(elements.levels, elements.levels.dropFirst()) { #expect(next <= level + 1) }
      #expect(elements.alternatives.count == elements.count("svg"))
      for text in elements.alternatives { #expect(text.contains { $0.isNumber }, "no number in: \(text)") }
    }
  }
}

private final class Elements: NSObject, XMLParserDelegate {
  private var counts: [String: Int] = [:]
  private var roles: [String: Int] = [:]
  private(set) var text = ""
  /// The addresses of all that a browser would fetch.
  private(set) var loads: [String] = []
  /// The levels of the headings.
  private(set) var levels: [Int] = []
  /// What pictures are called.
  private(set) var alternatives: [String] = []
  /// The bars that are drawn as one shape.
  private(set) var barCount = 0

  func count(_ name: String) -> Int { counts[name] ?? 0 }
  func withRole(_ role: String) -> Int { roles[role] ?? 0 }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    counts[name, default: 0] += 1
    for role in (attributes["class"] ?? "").split(separator: " ") { roles[String(role), default: 0] += 1 }
    if name.count == 2, name.first == "h", let level = Int(name.suffix(1)) { levels.append(level) }
    if name == "svg", let text = attributes["aria-label"] { alternatives.append(text) }
    if attributes["class"] == "mark other" { barCount += (attributes["d"] ?? "").count { $0 == "M" } }
    loads += ["src", "href", "data"].compactMap { attributes[$0] }.filter { !$0.hasPrefix("#") }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}
