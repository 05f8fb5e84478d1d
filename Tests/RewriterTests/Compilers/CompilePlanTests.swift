import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// What is compiled together, and by which machine.
@Suite struct CompilePlanTests {
  private static let words = ["New", "York", "Yorkshire", "Lake", "Victoria", "Victor", "Falls", "Fall", "The", "City"]

  private func specs(_ subjects: [String?]) throws -> [MemorySpec] {
    let entries = subjects.enumerated().map { i, subject in
      #"{"name":"m\#(i)","prompt":"\#(subject ?? "It") of \#(i) is","target":" x""#
        + (subject.map { #","subject":"\#($0)""# } ?? "") + "}"
    }
    return try Spec(entries: entries.joined(separator: ",")).memories
  }

  private func randomSubjects(_ count: Int, seed: UInt64) -> [String?] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      if Int.random(in: 0..<5, using: &generator) == 0 { return nil }
      let length = Int.random(in: 1...3, using: &generator)
      return (0..<length).map { _ in Self.words.randomElement(using: &generator)! }.joined(separator: " ")
    }
  }

  /// Two names at a time: the definition.
  private static func areAlike(_ a: String, _ b: String) -> Bool {
    let (x, y) = (a.split(separator: " "), b.split(separator: " "))
    guard let first = x.first, let last = x.last, let other = y.first, let end = y.last else { return false }
    return first == other || last == end || last.hasPrefix(end) || end.hasPrefix(last)
  }

  @Test(arguments: [
    ("Maria Garcia", "Ann Garcia", true), ("Maria Garcia", "Maria Smith", true), ("Berlin", "Berliner", true),
    ("Berliner", "Berlin", true), ("Oslo", "Paris", false), ("Lake Victoria", "Lake Como", true),
    ("Maria Garcia", "Garcia Lopez", false), ("", "Oslo", false), ("Oslo", " ", false),
  ])
  func namesThatLookAlike(_ a: String, _ b: String, _ expected: Bool) {
    #expect(Self.areAlike(a, b) == expected)
    #expect(NamesAlike([a, b]).like(b) == (expected ? [a] : []))
    #expect(NamesAlike([a, b]).like(a) == (expected ? [b] : []))
  }

  @Test(arguments: [UInt64](1...8)) func rivalsAreThoseThatLookAlike(_ seed: UInt64) throws {
    let subjects = randomSubjects(60, seed: seed)
    let plan = CompilePlan(try specs(subjects))
    for family in plan.families {
      let expected = Set(subjects.compactMap(\.self)).filter { other in
        family.subject.map { other != $0 && Self.areAlike(other, $0) } ?? false
      }
      #expect(plan.rivals(of: family) == expected.sorted(), "seed \(seed): \(family.subject ?? "none")")
    }
  }

  @Test(arguments: [(1, 1), (7, 3), (60, 7), (5, 16)]) func everyMemoryIsInOneShare(_ count: Int, _ shares: Int) throws
  {
    let subjects = randomSubjects(count, seed: UInt64(count))
    let plan = CompilePlan(try specs(subjects))
    var seen: [Int] = []
    for number in 1...shares {
      let families = plan.families(of: CompileShare(number: number, count: shares))
      let members = families.flatMap(\.members)
      #expect(members.count <= (count + shares - 1) / shares + (families.map(\.members.count).max() ?? 0))
      seen += members
    }
    #expect(seen.sorted() == Array(0..<count))
    for family in plan.families where family.subject != nil {
      #expect(family.members == subjects.indices.filter { subjects[$0] == family.subject })
    }
  }
}
