import Foundation
import TestSupport
import Testing

@testable import Format

/// Index files that are wrong about their shards: what has one meaning is read, as transformers reads it.
@Suite struct ShardIndexTests {
  private let folder: TemporaryFolder

  /// Two shards: `a` and `b` in one, `b` again and `c` in the other.
  init() throws {
    folder = try TemporaryFolder()
    try write(["a": 1, "b": 2], to: "one")
    try write(["b": 2, "c": 3], to: "two")
  }

  private func write(_ tensors: [String: Float], to shard: String) throws {
    try SafetensorsFile.write(
      tensors.sorted { $0.key < $1.key }.map { Tensor(name: ByteString($0.key), shape: [1], floats: [$0.value]) },
      metadata: [:], to: folder.file(shard))
  }

  private func open(_ map: String) throws -> Checkpoint {
    try folder.write(#"{"weight_map":{\#(map)}}"#, to: "model.safetensors.index.json")
    return try Checkpoint(path: folder.path)
  }

  private static let readable: [(map: String, names: [ByteString], warnings: [String])] = [
    (#""a":"one","b":"one""#, ["a", "b"], []),
    (#""a":"one","b":"one","x":"one""#, ["a", "b"], ["the index lists, though no shard has it: x"]),
    (#""a":"one""#, ["a", "b"], ["the index does not list, though a shard has it: b"]),
    (
      #""a":"two","b":"one","c":"two""#, ["a", "b", "c"],
      [
        "the index has in two shards, the same bytes in both: b",
        "the index has in another shard than it is in: a",
      ]
    ),
    (#""a":"./one","b":"././one""#, ["a", "b"], []),
  ]

  @Test(arguments: readable.indices) func readsWhatHasOneMeaning(_ index: Int) throws {
    let (map, names, warnings) = Self.readable[index]
    let checkpoint = try open(map)
    #expect(checkpoint.tensors.map(\.name).sorted() == names)
    #expect(checkpoint.warnings == warnings.map { "\(folder.file("model.safetensors.index.json")): \($0)" })
    for (name, value) in zip(["a", "b", "c"], [1, 2, 3] as [Float]) where names.contains(ByteString(name)) {
      #expect(checkpoint[ByteString(name)]?.floats() == [value])
    }
  }

  @Test func followsFoldersBelow() throws {
    try FileManager.default.createDirectory(atPath: folder.file("p/q"), withIntermediateDirectories: true)
    try write(["d": 4], to: "p/q/three")
    let checkpoint = try open(#""a":"one","b":"one","d":"p/q/three""#)
    #expect(checkpoint["d"]?.floats() == [4] && checkpoint.warnings.isEmpty)
  }

  @Test func refusesTwoMeanings() throws {
    try write(["b": 5], to: "two")
    #expect {
      try open(#""a":"one","b":"two""#)
    } throws: { error in
      (error as? FormatError)?.kind == .index && "\(error)".contains("tensor b") && "\(error)".contains("got both")
    }
  }

  @Test(arguments: ["../one", "/one", "p/../one", "p//one", "", ".", "one\\u0000"])
  func staysInItsFolder(_ shard: String) {
    #expect {
      try open(#""a":"\#(shard)""#)
    } throws: { ($0 as? FormatError)?.kind == .index }
  }

  @Test func namesSomeOfMany() throws {
    #expect(["a", "b"].listed() == "a, b")
    #expect(["a", "b", "c", "d", "e"].listed() == "a, b, c and 2 more")
  }
}
