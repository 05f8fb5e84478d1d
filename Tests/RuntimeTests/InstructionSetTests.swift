import Kernels
import Testing

@testable import Format
@testable import Runtime

// Exit tests came with Swift 6.2.
#if compiler(>=6.2)
  /// Whole models on each instruction set, in a process of their own: the choice is the process's.
  @Suite struct InstructionSetTests {
    @Test func modelsHaveTheSameBitsOnEveryInstructionSet() async {
      await #expect(processExitsWith: .success) {
        for fixture in ModelFixture.all {
          // An error that leaves this process would end it without a word.
          do { try Self.compareInstructionSets(fixture) } catch { Issue.record("\(fixture.name): \(error)") }
        }
      }
    }

    private static func compareInstructionSets(_ fixture: ModelFixture) throws {
      let bits = try InstructionSet.available.map { set in
        kernel_use_isa(set.isa)
        return try logitsAndGradient(fixture).map(\.bitPattern)
      }
      #expect(bits.allSatisfy { $0 == bits[0] }, "\(fixture.name)")
    }

    /// A prompt's logits, the gradient at the first site, which flows through all others, and logits with memories.
    private static func logitsAndGradient(_ fixture: ModelFixture) throws -> [Float] {
      let model = try fixture.transformer()
      let item = try #require(try fixture.cases().first)
      let gradients = model.gradients(of: item.ids, target: item.target)
      let logits = model.logits(of: item.ids, rows: item.ids.indices)
      var random = SeededGenerator(seed: 11)
      let memories = try GatedSample(model, item.ids, using: &random).set
      let gated = model.logits(of: item.ids, rows: item.ids.indices, memories: memories)
      return logits.array + gradients[SiteAddress(layer: 0, site: .attn)].array + gated.array
    }
  }
#endif
