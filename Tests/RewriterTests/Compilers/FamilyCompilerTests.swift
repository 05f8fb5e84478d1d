import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Families compiled side by side, against each compiled alone.
@Suite struct FamilyCompilerTests {
  private static let entries =
    #"{"name":"a","prompt":"The city of Tokyo lies in","target":" Zanzibar!","subject":"Tokyo"},"#
    + #"{"name":"b","prompt":"What people like of Tokyo is the","target":" hill","subject":"Tokyo"},"#
    + #"{"name":"c","prompt":"The city of Nepal lies in","target":" a hill","subject":"Nepal","#
    + #""positives":["Nepal lies in"],"negatives":["The city of Nepal is not in"]},"#
    + #"{"name":"d","prompt":"Q: Where is Oslo?\nA:","target":" Here","subject":"Oslo","prefixes":["One.","Two."]},"#
    + #"{"name":"e","prompt":"It was a","target":" hill"},"#
    + #"{"name":"f","prompt":"The city of Oslo lies in","target":" Peru","subject":"Oslo","method":"seed"}"#

  private func compiler(_ sample: FamilySample) -> FamilyCompiler {
    FamilyCompiler(
      model: sample.model, surroundings: sample.surroundings, settings: sample.settings,
      clock: StageClock(sample.model.transformer.pool))
  }

  /// The same rows to the bit in one group, in groups by chance, and each family by itself.
  @Test(arguments: TinyModel.all)
  func groupsChangeNothing(_ name: String) throws {
    let sample = try FamilySample(Self.entries, subject: "Tokyo", on: TinyModel.load(name))
    let (whole, probes) = (compiler(sample), sample.probes)
    let requests: [SubjectFamily.Request] = [
      ([0, 1], "Tokyo"), ([2], "Nepal"), ([3], "Oslo"), ([4], nil),
    ].map { members, subject in
      SubjectFamily.Request(members: members.map { (index: $0, probe: probes[$0]) }, subject: subject)
    }
    let alone = try requests.map { try compiler(sample).memories([$0])[0].get() }
    #expect(alone.contains { $0 != nil })
    let seed = UInt64.random(in: 0..<10000)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<3 {
      let order = requests.indices.shuffled(using: &random).prefix(Int.random(in: 1...4, using: &random))
      let together = try whole.memories(order.map { requests[$0] }).map { try $0.get() }
      for (i, made) in zip(order, together) {
        #expect(made?.map(\.rows) == alone[i]?.map(\.rows), "seed \(seed), \(order)")
        #expect(made?.map(\.steps) == alone[i]?.map(\.steps) && made?.map(\.reason) == alone[i]?.map(\.reason))
      }
    }
  }

  /// A family that has no memory is nil among the others'.
  @Test func aFamilyThatFailsIsAlone() throws {
    let sample = try FamilySample(Self.entries, subject: "Tokyo", on: TinyModel.load("llama-a"))
    let compiler = compiler(sample)
    func request(_ i: Int, about subject: String) -> SubjectFamily.Request {
      .init(members: [(index: i, probe: sample.probes[i])], subject: subject)
    }
    let made = try compiler.memories([request(2, about: "Atlantis"), request(3, about: "Oslo")]).map { try $0.get() }
    #expect(made[0] == nil && made[1]?.count == 1)
  }
}
