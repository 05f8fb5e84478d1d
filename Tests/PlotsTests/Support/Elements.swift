import Foundation
import Testing

@testable import Plots

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The elements of a drawing, read back as XML; a drawing that is not well-formed records an issue.
final class Elements: NSObject, XMLParserDelegate {
  private(set) var all: [(name: String, attributes: [String: String])] = []
  private(set) var text = ""

  init(_ markup: Markup, _ location: SourceLocation = #_sourceLocation) {
    super.init()
    let parser = XMLParser(data: Data(markup.text.utf8))
    parser.delegate = self
    #expect(parser.parse(), "\(parser.parserError.debugDescription)", sourceLocation: location)
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) { all.append((name, attributes)) }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

  func with(_ role: String) -> [[String: String]] {
    all.map(\.attributes).filter { $0["class"]?.split(separator: " ").contains(Substring(role)) == true }
  }
}
