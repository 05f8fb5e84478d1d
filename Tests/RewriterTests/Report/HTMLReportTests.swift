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
    let marks = figures.strips.reduce(0) { $0 + $1.prompts.count + $1.background.count }
    #expect(elements.withRole("mark") == marks + 3 * figures.curve.count)
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
    #expect(elements.count("button") == 12, "a sortable column each")
    #expect(elements.count("figure") == 2 * 3 + result.figures.flatMap(\.strips).count + 5)
    #expect(page.contains("href=\"#memory-1\"") && page.contains("id=\"memory-1\""))
    #expect(elements.text.contains("Conflicts"))
  }
}

private final class Elements: NSObject, XMLParserDelegate {
  private var counts: [String: Int] = [:]
  private var roles: [String: Int] = [:]
  private(set) var text = ""
  /// The addresses of all that a browser would fetch.
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
