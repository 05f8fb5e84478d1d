import Foundation
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The page of a rewrite, read back.
@Suite struct HTMLReportTests {
  static let hostile = "<script>alert(1)</script>"

  static func memory(_ name: String, prompt: String = "The capital city of Nepal is located in") -> String {
    #"{"name":"\#(name)","prompt":"\#(prompt)","target":" Tokyo","positives":["The capital city of Nepal is"],"#
      + #""negatives":["Paris is the capital of","\#(hostile) & more"],"held_out":{"negatives":["Once upon a time"]}}"#
  }

  static func result(_ memories: String..., model: String = "llama-a", method: MemorySpec.Method? = nil) throws
    -> RewriteResult
  {
    let spec = try Spec(entries: memories.joined(separator: ","))
    return try Pipeline(TinyModel.checkpoint(model), pool: WorkerPool(threads: 2)).run(
      RewriteRequest(spec: spec, method: method, output: nil, figures: true))
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
    let result = try Self.result(Self.memory("nepal"), model: model, method: method)
    let page = HTMLReport(result, base: "/somewhere/base.safetensors", version: "1").text
    let elements = try elements(page)
    #expect(elements.count("figure") == 4, "two maps, curve, strip")
    #expect(elements.text.contains("nepal") && elements.text.contains("base.safetensors"))
    #expect(elements.withRole("chosen") == 1, "the memory's place on the map")
    #expect(elements.count("script") == 1 && elements.text.contains(Self.hostile))
    #expect(elements.loads.isEmpty, "a page that needs nothing beside it")
    for prompt in result.results[0].prompts { #expect(elements.text.contains(prompt.prompt)) }
    // A mark for each prompt and for each background token on the strip, one a point and series on the curve.
    let figures = try #require(result.figures.first)
    #expect(
      elements.withRole("mark") == figures.nearest.count + figures.background.count + 3 * figures.curve.count)
  }

  /// The curve at the boundary that was taken says what the evaluation of the whole file says.
  @Test(arguments: ["gpt2-a", "llama-a"])
  func curveAgreesWithTheEvaluation(model: String) throws {
    let result = try Self.result(Self.memory("nepal"), model: model)
    let (figures, row) = (try #require(result.figures.first), result.compiled[0].rows[0])
    let point = try #require(figures.curve.first { $0.boundary == row.boundary })
    #expect(point.positives == result.results[0].count(positive: true).holding)
    #expect(point.negatives == result.results[0].count(positive: false).holding)
    #expect(zip(figures.curve, figures.curve.dropFirst()).allSatisfy { $0.boundary < $1.boundary })
  }

  /// What is drawn as inside the region is what fires, on the prompts themselves.
  @Test(arguments: ["gpt2-a", "llama-a"])
  func stripAgreesWithWhatFires(model: String) throws {
    let result = try Self.result(Self.memory("nepal"), model: model)
    let (figures, row) = (try #require(result.figures.first), result.compiled[0].rows[0])
    for (i, prompt) in result.results[0].prompts.enumerated() {
      let isInside =
        MemoryRegion.strength(
          similarity: figures.nearest[i].similarity, boundary: row.boundary, hardness: row.hardness) > 0
      let firesInPrompt = prompt.firings.contains { $0.position < figures.tokens[i].count }
      #expect(isInside == firesInPrompt, "\(prompt.prompt)")
    }
    #expect(result.results[0].prompts[0].targetAfter > result.results[0].prompts[0].targetBefore)
  }

  @Test func showsManyMemoriesAtAGlance() throws {
    let result = try Self.result(Self.memory("one"), Self.memory("two", prompt: "The city of Tokyo lies"))
    let page = HTMLReport(result, base: "b", version: "1").text
    let elements = try elements(page)
    #expect(elements.count("button") == 12, "a sortable column each")
    #expect(elements.count("figure") == 2 * 4 + 5)
    #expect(page.contains("href=\"#memory-1\"") && page.contains("id=\"memory-1\""))
    #expect(elements.text.contains("Conflicts"))
  }

  /// Those with a failing prompt come first where not all can be shown.
  @Test func choosesFailingMemories() {
    var holds = [Bool](repeating: true, count: 100)
    holds[70] = false
    let chosen = MemoryFigures.chosen(holds)
    #expect(chosen == Array(0..<23) + [70])
  }
}

private final class Elements: NSObject, XMLParserDelegate {
  private var counts: [String: Int] = [:]
  private var roles: [String: Int] = [:]
  private(set) var text = ""
  /// Addresses of anything that a browser would fetch.
  private(set) var loads: [String] = []

  func count(_ name: String) -> Int { counts[name] ?? 0 }
  func withRole(_ role: String) -> Int { roles[role] ?? 0 }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    counts[name, default: 0] += 1
    for role in (attributes["class"] ?? "").split(separator: " ") { roles[String(role), default: 0] += 1 }
    loads += ["src", "href", "data"].compactMap { attributes[$0] }.filter { !$0.hasPrefix("#") }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}
