import Foundation
import Testing

@testable import Format

/// Tables whose keys and deltas are BF16.
@Suite struct HalfTableTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func written(_ memories: [Memory], _ name: String) throws -> Checkpoint {
    let base = folder.file("base.safetensors")
    try SafetensorsFile.write([Tensor(name: "w", shape: [1], floats: [1])], metadata: [:], to: base, progress: nil)
    try Checkpoint(path: base).write(memories: memories, to: folder.file(name), replacing: true)
    return try Checkpoint(path: folder.file(name))
  }

  /// The dtypes of a file's keys, deltas and cue keys, sorted by name.
  private func dtypes(_ name: String) throws -> [Dtype] {
    let header = try folder.contents(name).withUnsafeBytes { try SafetensorsHeader(validating: $0, location: name) }
    let parts = [".memory.keys", ".memory.deltas", ".memory.cue_keys"]
    return header.tensors.filter { tensor in parts.contains { tensor.name.hasSuffix($0) } }
      .sorted { $0.name < $1.name }.map(\.dtype)
  }

  private func half(_ memory: Memory) -> Memory {
    var memory = memory
    for i in memory.rows.indices {
      memory.rows[i].storedKey = memory.rows[i].storedKey.rounded
      memory.rows[i].storedDelta = memory.rows[i].storedDelta.rounded
      for j in memory.rows[i].cues.indices {
        memory.rows[i].cues[j].storedKey = memory.rows[i].cues[j].storedKey.rounded
      }
    }
    return memory
  }

  private let whole = ExampleMemories.memory("a", cues: [ExampleMemories.cue([0.1, 1, 3])])

  @Test func roundsToTheNearestAndTiesToEven() {
    let largest = Float(bitPattern: 0x7F7F_0000)
    let cases: [(Float, Float)] = [
      (1, 1), (-0.0, -0.0), (Float(bitPattern: 0x3F80_8000), 1), (Float(bitPattern: 0x3F81_8000), 1.015625),
      (Float(bitPattern: 0x3F80_8001), 1.0078125), (.greatestFiniteMagnitude, largest),
      (-.greatestFiniteMagnitude, -largest), (.leastNonzeroMagnitude, 0),
    ]
    let rounded = TableVector(cases.map(\.0)).rounded
    #expect(rounded.dtype == .bf16 && rounded.floats.map(\.bitPattern) == cases.map(\.1.bitPattern))
    #expect(TableVector([.infinity, -.infinity]).rounded.floats == [.infinity, -.infinity])
    #expect(TableVector([.nan]).rounded.floats[0].isNaN)
  }

  @Test func readsWhatItWrites() throws {
    let read = try written([half(whole), half(ExampleMemories.memory("b"))], "half")
    #expect(try dtypes("half") == [.bf16, .bf16, .bf16])
    #expect(read.metadata.first { $0.key == "memory.version" }?.value == "2")
    #expect(read.memories[0].rows == half(whole).rows)
    try read.write(memories: read.memories, to: folder.file("again"))
    #expect(try folder.contents("again") == folder.contents("half"))
    // Without cues, BF16 alone asks for version 2.
    let plain = try written([half(ExampleMemories.memory("b"))], "plain")
    #expect(plain.metadata.first { $0.key == "memory.version" }?.value == "2")
  }

  /// One F32 row makes its tensors F32; the other rows' numbers stay what they are.
  @Test func aTensorIsHalfWhereAllItsRowsAre() throws {
    let mixed = try written([half(whole), ExampleMemories.memory("b")], "mixed")
    #expect(try dtypes("mixed") == [.bf16, .f32, .f32])
    #expect(mixed.memories[0].rows == half(whole).rows)
    #expect(mixed.memories[1].rows == ExampleMemories.memory("b").rows)
  }

  /// Equal numbers make equal cues, whatever they are kept in.
  @Test func cuesOfBothDtypesAreOne() throws {
    let exact = ExampleMemories.cue([1, 2, 3])
    var kept = exact
    kept.storedKey = exact.storedKey.rounded
    #expect(exact == kept && Set([exact, kept]).count == 1)
    let memories = [ExampleMemories.memory("a", cues: [exact]), ExampleMemories.memory("b", cues: [kept])]
    #expect(try Memory.tables(of: memories, location: "f").flatMap(\.cues).count == 1)
  }

  @Test func vectorsStayInTheFile() throws {
    for memories in [[whole], [half(whole)]] {
      let row = try written(memories, "mapped").memories[0].rows[0]
      for vector in [row.storedKey, row.storedDelta, row.cues[0].storedKey] { #expect(vector.mapped != nil) }
    }
  }

  @Test func aDiffComparesTheNumbers() throws {
    let (old, new) = (try written([whole], "old"), try written([half(whole)], "new"))
    let diff = TableDiff(old: old.memories, new: new.memories)
    let pair = try #require(diff.changed.first?.pairs.first)
    // 1, 2, 3 and the delta are numbers of BF16, the cue's 0.1 is none.
    #expect(pair.keyCosine == 1 && pair.deltaCosine == 1)
    #expect(pair.cueChanges.map(\.kind) == [.changed] && pair.cueChanges[0].keyCosine! > 0.9999)
    let exact = ExampleMemories.memory("a")
    #expect(TableDiff(old: [exact], new: [half(exact)]).isEmpty)
  }

  @Test func versionOneHasNoHalves() throws {
    let tensors = ExampleMemories.tensors().map { tensor in
      tensor.name == "m.memory.keys"
        ? Tensor(name: tensor.name, dtype: .bf16, shape: [2, 2], bytes: [0x80, 0x3F, 0, 0, 0x80, 0x3F, 0, 0x40])
        : tensor
    }
    #expect(try ExampleMemories.table(tensors).keys.map(\.floats) == [[1, 0], [1, 2]])
    let byName = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
    for version in [nil, "1"] as [ByteString?] {
      #expect {
        try MemoryTableReader(module: "m", tensors: byName, version: version, location: "f").table()
      } throws: {
        ($0 as? FormatError)?.problem == "wrong type"
      }
    }
  }
}
