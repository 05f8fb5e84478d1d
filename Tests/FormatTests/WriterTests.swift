import Foundation
import Testing

@testable import Format

/// The bytes of a written file, and the files that are left where it cannot be written.
@Suite struct WriterTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func path(_ name: String) -> String { folder.file(name) }
  func names() throws -> [String] { try folder.names() }

  @Test func bytes() throws {
    let tensors = [
      Tensor(name: "b", dtype: .bf16, shape: [1], bytes: [1, 2]), Tensor(name: "a", bytes: [3]),
      Tensor(name: "e", dtype: .f32, shape: [0, 2], bytes: []),
    ]
    try SafetensorsFile.write(tensors, metadata: ["z": "1", "a\n": "é"], to: path("f"), progress: nil)
    var header =
      #"{"__metadata__":{"a\n":"é","z":"1"},"b":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]},"#
      + #""a":{"dtype":"U8","shape":[1],"data_offsets":[2,3]},"e":{"dtype":"F32","shape":[0,2],"data_offsets":[3,3]}}"#
    repeat { header += " " } while header.utf8.count % 8 != 0
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    #expect(try folder.contents("f") == length + Array(header.utf8) + [1, 2, 3])
  }

  /// Some readers wrongly refuse a header of 99,994 to 100,000 bytes.
  @Test(arguments: 99_900...100_010)
  func avoidsHeadersThatSomeReadersRefuse(_ length: Int) throws {
    let text = String(repeating: "x", count: length - #"{"__metadata__":{"k":""}}"#.utf8.count)
    let header = try HeaderWriter.bytes([], metadata: ["k": ByteString(text)], location: "f")
    let count = header.count - 8
    #expect(count > length && count % 8 == 0 && !(99_994...100_000 ~= count))
    #expect(header.prefix(8).elementsEqual(withUnsafeBytes(of: UInt64(count).littleEndian) { Array($0) }))
    #expect(try SafetensorsBytes.header(header).metadata?[0].value == ByteString(text))
  }

  /// Copied data keeps its offset within blocks, so that file systems can share them, and the header has room to grow.
  @Test func copiedDataKeepsItsOffsetModuloBlocks() throws {
    let base = "\(Fixtures.model("gpt2-a"))/model.safetensors"
    func start(_ path: String) throws -> Int { try #require(Checkpoint(path: path).tensors.first?.source).offset }
    try Checkpoint(path: base).write(memories: [ExampleMemories.memory("a")], to: path("a"))
    #expect(try start(path("a")) > start(base) && (start(path("a")) - start(base)) % HeaderWriter.granularity == 0)
    let both = [ExampleMemories.memory("a"), ExampleMemories.memory("b")]
    try Checkpoint(path: path("a")).write(memories: both, to: path("ab"))
    #expect(try start(path("ab")) == start(path("a")))
    // Patching in two steps gives the same file as in one.
    try Checkpoint(path: base).write(memories: both, to: path("both"))
    #expect(try folder.contents("ab") == folder.contents("both"))
  }

  /// Stripping gives the very file that was patched.
  @Test func strippingGivesTheBasesBytes() throws {
    let base = "\(Fixtures.model("gpt2-a"))/model.safetensors"
    try Checkpoint(path: base).write(memories: [ExampleMemories.memory("a")], to: path("a"))
    try Checkpoint(path: path("a")).write(memories: [], to: path("again"))
    try Checkpoint(path: path("again")).writeBase(to: path("stripped"))
    #expect(try folder.contents("stripped") == MappedFile(path: base).contents)
  }

  /// An embedded header that does not describe the base tensors is an error.
  @Test func refusesAnEmbeddedHeaderOfAnotherBase() throws {
    let base = try Checkpoint(path: Fixtures.model("gpt2-a"))
    let other = try Checkpoint(path: Fixtures.model("llama-a"))
    let foreign = try #require(other.header).bytes
    for bytes in [foreign, [], [UInt8](repeating: 0, count: 8), [UInt8](repeating: 0xFF, count: 8)] {
      let header = Tensor(name: Checkpoint.headerName, bytes: bytes)
      try SafetensorsFile.write(base.tensors + [header], metadata: [:], to: path("odd"))
      #expect(throws: FormatError.self) { try Checkpoint(path: path("odd")).writeBase(to: path("stripped")) }
      #expect(try names() == ["odd"])
    }
  }

  @Test func neverWritesAHeaderThatTheHubRefuses() throws {
    let text = ByteString(String(repeating: "x", count: HeaderWriter.lengthLimit))
    #expect { try SafetensorsFile.write([], metadata: ["k": text], to: path("f")) } throws: {
      ($0 as? FormatError)?.kind == .headerTooLarge
    }
    #expect(try names() == [])
  }

  /// The padding is left out where it alone would make the header too long.
  @Test func leavesOutPaddingThatIsTooLong() throws {
    try SafetensorsFile.write([Tensor(name: "a", bytes: [1])], metadata: [:], to: path("f"))
    let tensor = try Checkpoint(path: path("f")).tensors[0]
    let text = ByteString(String(repeating: "x", count: HeaderWriter.lengthLimit - 200))
    let header = try HeaderWriter.bytes([tensor], metadata: ["k": text], behind: 4096, location: "f")
    #expect(header.count - 8 <= HeaderWriter.lengthLimit && header.count % 8 == 0)
  }

  /// Tensors that make no valid file leave the old one, alone.
  @Test func aFailedWriteLeavesTheOldFile() throws {
    try folder.write("old", to: "f")
    let good = Tensor(name: "a", bytes: [1, 2, 3])
    let bad: [(Tensor, FormatError.Kind)] = [
      (Tensor(name: "a", bytes: [4]), .duplicateName),
      (Tensor(name: "__metadata__", bytes: [4]), .invalidHeaderDeserialization),
      (Tensor(name: "b", dtype: .f32, shape: [2], bytes: [4]), .tensorInvalidInfo),
      (Tensor(name: "b", dtype: .f32, shape: [2], byteCount: 1) { $0[0] = 4 }, .tensorInvalidInfo),
    ]
    for (tensor, kind) in bad {
      #expect {
        try SafetensorsFile.write([good, tensor], metadata: [:], to: path("f"))
      } throws: { ($0 as? FormatError)?.kind == kind }
      #expect(try names() == ["f"])
      #expect(try folder.contents("f") == Array("old".utf8))
    }
  }

  /// A source that is written to while it is copied leaves the old file, alone.
  @Test func aSourceThatChangesLeavesTheOldFile() throws {
    try SafetensorsFile.write([Tensor(name: "a", bytes: [1, 2, 3])], metadata: [:], to: path("source"))
    try folder.write("old", to: "f")
    let tensors = try Checkpoint(path: path("source")).tensors
    let source = try FileHandle(forWritingTo: URL(filePath: path("source")))
    try source.seekToEnd()
    try source.write(contentsOf: [4])
    #expect { try SafetensorsFile.write(tensors, metadata: [:], to: path("f")) } throws: {
      let error = $0 as? FormatError
      return error?.kind == .unreadable && error?.location == path("source")
    }
    #expect(try names() == ["f", "source"])
    #expect(try folder.contents("f") == Array("old".utf8))
  }

  @Test func progressEndsAtTheWhole() throws {
    var calls: [(Int, Int)] = []
    let tensors = [Tensor(name: "a", bytes: [UInt8](repeating: 7, count: 9 << 20)), Tensor(name: "b", bytes: [1])]
    try SafetensorsFile.write(tensors, metadata: [:], to: path("f")) { calls.append(($0, $1)) }
    #expect(calls.count == 4 && zip(calls, calls.dropFirst()).allSatisfy { $0.0 < $1.0 })
    #expect(try calls.allSatisfy { try $0.1 == MappedFile(path: path("f")).count } && calls.last!.0 == calls.last!.1)
  }

  /// No file that the model was read from can be an output, companion files included.
  @Test func refusesToReplaceWhatItReads() throws {
    for file in ["model.safetensors", "config.json", "tokenizer.json"] {
      try FileManager.default.copyItem(atPath: "\(Fixtures.model("gpt2-a"))/\(file)", toPath: path(file))
    }
    let before = try names().map { try folder.contents($0) }
    for opened in [folder.path, path("model.safetensors")] {
      let checkpoint = try Checkpoint(path: opened)
      for output in try names() {
        #expect { try checkpoint.write(memories: [], to: path(output), replacing: true) } throws: {
          ($0 as? FormatError)?.kind == .sameFile
        }
        #expect { try checkpoint.writeBase(to: path(output), replacing: true) } throws: {
          ($0 as? FormatError)?.kind == .sameFile
        }
      }
    }
    #expect(try names().map { try folder.contents($0) } == before)
  }

  @Test func refusesShardsAndIndexAsOutput() throws {
    let source = Fixtures.model("llama-sharded")
    for file in try FileManager.default.contentsOfDirectory(atPath: source) where file.hasPrefix("model") {
      try FileManager.default.copyItem(atPath: "\(source)/\(file)", toPath: path(file))
    }
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(try names().count == 4)
    for output in try names() {
      #expect { try checkpoint.write(memories: [], to: path(output), replacing: true) } throws: {
        ($0 as? FormatError)?.kind == .sameFile
      }
    }
  }

  @Test func replacesOnlyTheLinkThatItIsGiven() throws {
    try folder.write("kept", to: "kept")
    try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: path("kept"))
    try Checkpoint(path: Fixtures.model("gpt2-a")).write(memories: [], to: path("link"), replacing: true)
    #expect(try String(contentsOfFile: path("kept"), encoding: .utf8) == "kept")
    #expect(try Checkpoint(path: path("link")).companion(.config) != nil)
    #expect(try names() == ["kept", "link"])
  }

  @Test func refusesFoldersThatCannotBeWritten() throws {
    try folder.write("file", to: "file")
    var outputs = [path("file/out"), path("absent/out"), path(String(repeating: "n", count: 300))]
    if getuid() != 0 {
      try FileManager.default.createDirectory(
        atPath: path("locked"), withIntermediateDirectories: false, attributes: [.posixPermissions: 0o555])
      outputs.append(path("locked/out"))
    }
    let before = try names()
    let checkpoint = try Checkpoint(path: Fixtures.model("gpt2-a"))
    for output in outputs {
      #expect { try checkpoint.write(memories: [], to: output) } throws: {
        ($0 as? FormatError)?.kind == .unwritable
      }
    }
    #expect(try names() == before)
  }

  /// Shards with other tensors than the index says are read; a tensor with two contents is refused.
  @Test func shardsSayWhatThereIs() throws {
    let a = Tensor(name: "a", bytes: [1])
    let b = Tensor(name: "b", bytes: [2])
    func kind(_ first: [Tensor], _ second: [Tensor], _ map: String) throws -> FormatError.Kind? {
      try SafetensorsFile.write(first, metadata: [:], to: path("1"), progress: nil)
      try SafetensorsFile.write(second, metadata: [:], to: path("2"), progress: nil)
      try folder.write("{\"weight_map\":{\(map)}}", to: "model.safetensors.index.json")
      do {
        let checkpoint = try Checkpoint(path: folder.path)
        #expect(checkpoint.tensors.map(\.name).sorted() == ["a", "b"])
        return nil
      } catch {
        return error.kind
      }
    }
    #expect(try kind([a], [b], #""a":"1","b":"2""#) == nil)
    #expect(try kind([a, b], [b], #""a":"1","b":"2""#) == nil)
    #expect(try kind([b], [a], #""a":"1","b":"2""#) == nil)
    #expect(try kind([a], [a, b], #""a":"1","b":"2""#) == nil)
    #expect(try kind([a], [b], #""a":"./1","b":"2""#) == nil)
    let other = Tensor(name: "a", bytes: [3])
    #expect(try kind([a], [other, b], #""a":"1","b":"2""#) == .index)
    #expect(try kind([a], [b], #""a":"1","b":"3""#) == .missing)
    #expect(try kind([a], [b], #""a":"1","b":"2\u0000""#) == .index)
    #expect(try kind([a], [b], #""a":"../1","b":"2""#) == .index)
  }
}
