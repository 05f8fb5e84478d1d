import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

@Suite struct EchoTextsTests {
  @Test func textsEndInTheLastWordAndNeverNameTheSubject() throws {
    let tokenizer = try TinyModel.load("llama-a").tokenizer
    for subject in ["Eiffel Tower", "Windows 98", "the river bank"] {
      let texts = EchoTexts.all(of: subject, tokenizer: tokenizer).map { tokenizer.decode($0) }
      let last = try #require(subject.split(separator: " ").last)
      #expect(texts.count > 10 && Set(texts).count == texts.count)
      #expect(texts.allSatisfy { $0.lowercased().hasSuffix(last.lowercased()) && !$0.contains(subject) })
      // As it stands in the name, and small.
      #expect(Set(texts.map { String($0.suffix(last.count)) }) == [String(last), last.lowercased()])
    }
    for (subject, tail) in [("SooToday.com", ".com"), ("Windows 8.1", ".1"), ("Jean-Luc", "-Luc")] {
      let texts = EchoTexts.all(of: subject, tokenizer: tokenizer).map { tokenizer.decode($0) }
      #expect(texts.count(where: { $0.hasSuffix(tail) && !$0.contains(subject.split(separator: " ").last!) }) > 5)
      #expect(Set(texts).count == texts.count && texts.allSatisfy { !$0.contains(subject) })
    }
    #expect(EchoTexts.all(of: "Nepal", tokenizer: tokenizer).isEmpty)
    #expect(EchoTexts.all(of: "", tokenizer: tokenizer).isEmpty)
  }
}
