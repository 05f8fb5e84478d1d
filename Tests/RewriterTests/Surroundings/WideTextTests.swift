import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

@Suite struct WideTextTests {
  @Test func moreTextsBeginWithFewer() throws {
    let model = try TinyModel.load("llama-a")
    var settings = CompilerSettings()
    settings.wideLength = 4
    func texts(_ count: Int, known: [[Int]] = []) -> [[Int]] {
      WideText(count, known: known, model: model, settings: settings).texts
    }
    let (few, many) = (texts(5), texts(40))
    #expect(few.count == 16 && many.count == 48 && Array(many.prefix(16)) == few)
    #expect(texts(40, known: few) == many && texts(5, known: many) == few && texts(0) == [])
    // What is known is not written again.
    #expect(texts(5, known: many.reversed()) == many.suffix(16).reversed())
    let begin = model.tokenizer.startIDs
    #expect(many.allSatisfy { $0.count == begin.count + 5 && $0.starts(with: begin) })
    #expect(Set(many.map { $0[begin.count] }).count > 40)
  }

  @Test func theirNumberGrowsWithTheFacts() {
    let settings = CompilerSettings()
    #expect([64, 400, 1800, 100_000].map { WideText.count(for: $0, settings) } == [64, 100, 450, 512])
  }
}
