import Testing

@testable import Plots

/// Text and attributes of elements.
@Suite struct MarkupTests {
  /// Texts of prompts are escaped, whatever they contain.
  @Test func contentNeverBecomesMarkup() {
    let hostile = "</title><script>alert(\"x\")</script>&amp;\u{0}\u{1B}[31m"
    let markup = tag("p", ["title": hostile], [.text(hostile)])
    let elements = Elements(markup)
    #expect(elements.all.count == 1)
    #expect(elements.text == "</title><script>alert(\"x\")</script>&amp;\u{FFFD}\u{FFFD}[31m")
    #expect(elements.all[0].attributes["title"] == elements.text)
  }
}
