import Foundation
import Rewriter
import TestSupport
import Testing

@testable import Format
@testable import Runtime

/// Every case of Tests/Conformance through the built programs: what is wrong is refused in one line and leaves nothing
/// behind, what is right is read as it is meant.
@Suite struct ConformanceTests {
  /// KiB; the largest case holds 30 MB.
  static let dataLimit = 1 << 20

  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func theIndexIsWhole() {
    let cases = ConformanceCase.all
    #expect(Set(cases.map(\.name)).count == cases.count)
    #expect(cases.count { !$0.isValid } >= 150 && cases.count(where: \.isValid) >= 30)
    #expect(cases.allSatisfy { $0.isValid ? $0.means != nil : $0.error != nil })
  }

  /// Takes about a minute, since every case goes through three processes.
  @Test(arguments: ConformanceCase.all)
  func programs(_ test: ConformanceCase) throws {
    let (input, output) = (folder.file("in"), folder.file("out"))
    for path in [input, output] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    let (path, files) = try test.layOut(in: input)
    let before = try files.map(Self.state)
    for command in ["rewrite", "run", "memdiff"] {
      let expected = test.status(of: command)
      let outcome = try ChildProcess.run(
        try ChildProcess.path(of: command),
        test.arguments(of: command, path: path, output: "\(output)/model.safetensors"), dataLimit: Self.dataLimit,
        scratch: folder.file("errors"))
      try #require(outcome.signal == 0, "\(command) ends with signal \(outcome.signal)\n\(outcome.errors)")
      #expect(outcome.status == expected, "\(command): \(outcome.errors)")
      // Notes about what changes nothing may come first.
      let lines = outcome.errors.split(separator: "\n").drop { $0.hasPrefix("\(command): note: ") }
      if expected == 0 {
        #expect(lines.isEmpty, "\(command): \(outcome.errors)")
      } else {
        #expect(lines.count == 1 && outcome.errors.hasSuffix("\n"), "\(command): \(outcome.errors)")
        #expect(lines.first?.hasPrefix("\(command): ") == true, "\(command): \(outcome.errors)")
        // An error about a memory of the spec has the memory's name.
        #expect(
          outcome.errors.contains(path) || outcome.errors.contains("memory fact"), "\(command): \(outcome.errors)")
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: output)
      #expect(left == (test.status(of: "rewrite") == 0 ? ["model.safetensors"] : []), "\(command) leaves \(left)")
    }
    #expect(try files.map(Self.state) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: input).count == files.count)
    if test.isValid {
      try Self.expectMeaning(test, path, written: "\(output)/model.safetensors")
    } else {
      Self.expectKind(test, path)
    }
  }

  /// The size, the time and, unless it is large, the hash of a file, which show whether it was touched.
  private static func state(_ path: String) throws -> [String] {
    var status = stat()
    try #require(lstat(path, &status) == 0)
    #if os(Linux)
      let time = status.st_mtim
    #else
      let time = status.st_mtimespec
    #endif
    let bytes = status.st_size < 1 << 20 ? try Data(contentsOf: URL(fileURLWithPath: path)) : Data()
    return ["\(status.st_size)", "\(time.tv_sec).\(time.tv_nsec)", SHA256.hex(Array(bytes))]
  }

  /// Reads the case within the test, where the kind of an error shows.
  private static func expectKind(_ test: ConformanceCase, _ path: String) {
    do throws(FormatError) {
      if test.isSpec {
        let checkpoint = try Checkpoint(path: ConformanceCase.model)
        _ = try Pipeline(checkpoint, pool: WorkerPool(threads: 1)).run(
          RewriteRequest(spec: Spec(path: path), output: nil))
      } else {
        _ = try LanguageModel(path: path, threads: 1).encode(ConformanceCase.prompt)
      }
      Issue.record("accepted")
    } catch {
      #expect(error.kind == test.error, "\(error)")
    }
  }

  private static func expectMeaning(_ test: ConformanceCase, _ path: String, written: String) throws {
    let means = try #require(test.means)
    if test.isSpec {
      let names = try #require(means["memories"]).elements.map { $0.stringBytes }
      #expect(try Spec(path: path).memories.map { Array($0.name.utf8) } == names)
      #expect(try Checkpoint(path: written).memories.map { Array($0.name.utf8) } == names)
      return
    }
    let (model, base) = (
      try LanguageModel(path: path, threads: 1), try LanguageModel(path: ConformanceCase.model, threads: 1)
    )
    let checkpoint = model.checkpoint
    if let expected = means["base"]?.string {
      #expect((checkpoint.baseHash() == base.checkpoint.baseHash()) == (expected == "same"))
    }
    if let expected = means["tensors"]?.int { #expect(checkpoint.tensors.count == expected) }
    if let expected = means["metadata"] {
      let entries = expected.members.map { ($0.key, ByteString($0.value.stringBytes ?? [])) }.sorted { $0.0 < $1.0 }
      #expect(
        checkpoint.metadata.map(\.key) == entries.map(\.0) && checkpoint.metadata.map(\.value) == entries.map(\.1))
    }
    if let expected = means["memories"] {
      #expect(checkpoint.memories.map { Array($0.name.utf8) } == expected.elements.map { $0.stringBytes })
    }
    if let expected = means["rows"]?.int { #expect(checkpoint.memories.flatMap(\.rows).count == expected) }
    try expectAnswer(means, model, base)
  }

  private static func expectAnswer(_ means: JSONValue, _ model: LanguageModel, _ base: LanguageModel) throws {
    let ids = try model.encode(ConformanceCase.prompt)
    if let expected = means["ids"] { #expect(ids == expected.elements.map(\.int)) }
    let answer = model.generate(ids, maxTokens: 3)
    if let fires = means["fires"]?.bool { #expect(answer.firings.isEmpty == !fires) }
    if means["output"]?.string == "same" {
      #expect(answer.ids == base.generate(try base.encode(ConformanceCase.prompt), maxTokens: 3).ids)
    }
  }
}
