import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// `rewrite --update`: a file's memories become those of a spec.
@Suite struct UpdateTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func entry(_ name: String, _ target: String = " Tokyo") -> String {
    #"{"name":"\#(name)","prompt":"\#(name) is in","target":"\#(target)","method":"seed","site":"mlp","layer":1,"#
      + #""alpha":1e-3,"boundary":0.3}"#
  }

  private func update(_ base: String, _ spec: String, _ output: String, _ more: String...) throws -> Outcome {
    Capture().run(RewriteCommand.self, [base, "--update", spec, "-o", folder.file(output)] + more)
  }

  private func memories(_ name: String) throws -> [String: Memory] {
    Dictionary(uniqueKeysWithValues: try Checkpoint(path: folder.file(name)).memories.map { ($0.name, $0) })
  }

  @Test func compilesWhatDiffersAlone() throws {
    let first = try folder.spec([entry("a"), entry("b"), entry("c")].joined(separator: ","))
    let made = try update(fixture("gpt2-a"), first, "one")
    #expect(made.status == 0 && made.output.hasSuffix("update: 3 added, 0 changed, 0 removed, 0 as they were\n"))
    // The same keys in another order are the same.
    let same = entry("a").replacing(#""name":"a","#, with: "").replacing("}", with: #","name":"a"}"#)
    let second = try folder.spec([same, entry("b", " Nepal"), entry("d")].joined(separator: ","))
    let changed = try update(folder.file("one"), second, "two", "--json")
    let root = try JSONDocument(Array(changed.output.utf8), location: "stdout").root
    let told = try #require(root["update"])
    #expect(told["added"]?.elements.map(\.string) == ["d"] && told["changed"]?.elements.map(\.string) == ["b"])
    #expect(told["removed"]?.elements.map(\.string) == ["c"] && told["unchanged"]?.int == 1)
    #expect(root["memories"]?.count == 2)
    let (before, after) = (try memories("one"), try memories("two"))
    #expect(Set(after.keys) == ["a", "b", "d"] && after["b"]?.target == " Nepal")
    #expect(after["a"]?.rows == before["a"]?.rows && after["b"]?.rows != before["b"]?.rows)
  }

  @Test func writesTheFileWhereNothingIsToBeCompiled() throws {
    let spec = try folder.spec([entry("a"), entry("b")].joined(separator: ","))
    #expect(try update(fixture("gpt2-a"), spec, "one").status == 0)
    let less = try update(folder.file("one"), folder.spec(entry("b")), "two")
    #expect(less.status == 0 && less.output == "update: 0 added, 0 changed, 1 removed, 1 as they were\n")
    #expect(try memories("two").keys.sorted() == ["b"])
    let none = try update(folder.file("one"), spec, "three", "--json")
    #expect(none.output == #"{"update":{"added":[],"changed":[],"removed":[],"unchanged":2}}"# + "\n")
    #expect(try folder.contents("three") == folder.contents("one"))
    #expect(try update(folder.file("one"), spec, "one").status == 1, "the input is not written over")
  }

  @Test func takesTables() throws {
    let table = try folder.write("name,prompt,target\na,The city is,Tokyo\nb,The river is,Nepal\n", to: "facts.csv")
    let outcome = try update(fixture("gpt2-a"), table, "one", "--method", "seed")
    #expect(outcome.output.contains("update: 2 added"))
    #expect(try memories("one").count == 2)
    let again = try update(folder.file("one"), table, "two")
    #expect(again.status == 0 && again.output == "update: 0 added, 0 changed, 0 removed, 2 as they were\n")
  }

  @Test func excludesASpec() throws {
    let outcome = try update(fixture("gpt2-a"), "x.json", "one", "--spec", "y.json")
    #expect(outcome.status == 2 && outcome.errors.contains("--spec and --update exclude each other"))
  }
}
