import Format
import Testing

@testable import Rewriter

/// The rules of specs, each broken by some spec.
@Suite struct SpecRuleTests {
  @Test(arguments: BrokenSpec.structure) func structure(_ broken: BrokenSpec) { check(broken) }
  @Test(arguments: BrokenSpec.requiredKeys) func requiredKeys(_ broken: BrokenSpec) { check(broken) }
  @Test(arguments: BrokenSpec.values) func values(_ broken: BrokenSpec) { check(broken) }
  @Test(arguments: BrokenSpec.contexts) func contexts(_ broken: BrokenSpec) { check(broken) }
  @Test(arguments: BrokenSpec.contradictions) func contradictions(_ broken: BrokenSpec) { check(broken) }

  private func check(_ broken: BrokenSpec) {
    let error = #expect(throws: FormatError.self) {
      try Spec(json: Array(broken.json.utf8), location: "dir/s.json")
    }
    guard let error else { return }
    #expect(error.kind == .spec)
    #expect(error.location == (broken.path.isEmpty ? "dir/s.json" : "dir/s.json: \(broken.path)"))
    for part in broken.parts {
      #expect(error.description.contains(part), "\(error.description) lacks \(part)")
    }
  }
}
