import Foundation
import Testing

@testable import Format

/// Cues and gates in the file: what is written, what is read back, and each rule of specs/FORMAT.md broken once.
@Suite struct CueTableTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func written(_ memories: [Memory], _ name: String = "out") throws -> Checkpoint {
    let base = folder.file("base.safetensors")
    try SafetensorsFile.write([Tensor(name: "w", shape: [1], floats: [1])], metadata: [:], to: base, progress: nil)
    let output = folder.file("\(name).safetensors")
    try Checkpoint(path: base).write(memories: memories, to: output, replacing: true)
    return try Checkpoint(path: output)
  }

  private func version(_ checkpoint: Checkpoint) -> ByteString? {
    checkpoint.metadata.first { $0.key == "memory.version" }?.value
  }

  private typealias Example = ExampleMemories

  @Test func readsWhatItWrites() throws {
    let (seen, here) = (Example.cue(), Example.cue([0, 0, 1], mode: .here))
    let attention = Example.cue([4, 5], module: "transformer.h.0.attn.c_proj")
    let memories = [
      Example.memory("a", cues: [here, seen]), Example.memory("b"), Example.memory("c", cues: [attention, seen, here]),
    ]
    let read = try written(memories)
    #expect(version(read) == "2")
    #expect(read.memories.map(\.rows) == memories.map(\.rows))
    // A second writing gives the same bytes.
    try read.write(memories: read.memories, to: folder.file("again"))
    #expect(try folder.contents("again") == folder.contents("out.safetensors"))
  }

  @Test func gatesAndCuesAreNumberedByFirstUse() throws {
    let (first, second) = (Example.cue([9, 0, 0]), Example.cue([1, 0, 0], module: "transformer.h.1.mlp.c_proj"))
    let memories = [
      Example.memory("b"), Example.memory("a", cues: [first, second]), Example.memory("c", cues: [second]),
    ]
    let tables = try Memory.tables(of: memories, location: "f")
    #expect(tables.map(\.module) == ["transformer.h.0.mlp.c_proj", "transformer.h.1.mlp.c_proj"])
    #expect(tables.map(\.cueNumbers) == [[0], [1]] && tables[1].gates == [[], [0, 1], [1]])
    let tensors = Dictionary(uniqueKeysWithValues: tables.flatMap(\.tensors).map { ($0.name.description, $0) })
    let own = "transformer.h.1.mlp.c_proj.memory"
    let other = "transformer.h.0.mlp.c_proj.memory"
    #expect(
      Set(tensors.keys)
        == Set(
          ["keys", "deltas", "bounds", "gates", "cue_keys", "cue_bounds", "cues"].map { "\(own).\($0)" }
            + ["cue_keys", "cue_bounds", "cues"].map { "\(other).\($0)" }))
    let gates = try #require(tensors["\(own).gates"])
    #expect(gates.dtype == .i32 && gates.shape == [3, 2])
    #expect((0..<6).map(gates.int32) == [-1, -1, 0, 1, 1, -1])
    let cues = try #require(tensors["\(other).cues"])
    #expect(cues.dtype == .i32 && cues.shape == [1, 2] && cues.int32(at: 0) == 0 && cues.int32(at: 1) == 1)
    #expect(tensors["\(other).cue_keys"]?.floats() == [9, 0, 0])
    #expect(tensors["\(other).cue_bounds"]?.floats() == [0.75, 2])
  }

  /// Equal means bit for bit; mode, module, bounds and every element count.
  @Test func equalCuesAreOne() throws {
    let key = (0..<40).map { Float($0) }
    func cue(_ change: (inout MemoryCue) -> Void) -> MemoryCue {
      var cue = Example.cue(key)
      change(&cue)
      return cue
    }
    var cues = [
      cue { $0.mode = .here }, cue { $0.module = "transformer.h.0.attn.c_proj" }, cue { $0.boundary = 0.5 },
      cue { $0.hardness = 3 }, cue { $0.key[0] = -0.0 }, cue { _ in },
    ]
    // The hash takes a few elements alone.
    for element in [1, 2, 17, 39] { cues.append(cue { $0.key[element] += 1 }) }
    var numbering = CueNumbering()
    #expect(cues.map { numbering.number(of: $0) } == Array(0..<cues.count))
    #expect(cues.reversed().map { numbering.number(of: $0) } == (0..<cues.count).reversed())
    // Copies that do not share their storage.
    let copies = cues.map { original in
      cue {
        $0 = original; $0.key = original.key.map { $0 }
      }
    }
    #expect(copies.map { numbering.number(of: $0) } == Array(0..<cues.count))
  }

  @Test func rowsShareTheKeyOfACue() throws {
    let memories = (0..<3).map { Example.memory("\($0)", cues: [Example.cue([1, 2, 3].map { $0 })]) }
    let read = try written(memories)
    let addresses = read.memories.map { $0.rows[0].cues[0].storedKey.mapped?.address }
    #expect(Set(addresses).count == 1)
    let tables = try Memory.tables(of: memories, location: "f")
    #expect(tables.flatMap(\.cues).count == 1)
  }

  /// Without cues, a file is one of version 1.
  @Test func versionFollowsFromTheRows() throws {
    let patched = try written([Example.memory("a", cues: [Example.cue()]), Example.memory("b")])
    #expect(version(patched) == "2")
    try patched.write(memories: [patched.memories[1]], to: folder.file("one"))
    _ = try written([Example.memory("b")], "plain")
    #expect(try folder.contents("one") == folder.contents("plain.safetensors"))
    #expect(version(try Checkpoint(path: folder.file("one"))) == "1")
    try patched.writeSidecar(memories: patched.memories, to: folder.file("side"))
    let sidecar = try Checkpoint(path: folder.file("side"))
    #expect(
      sidecar.isSidecar && version(sidecar) == "2" && sidecar.memories.map(\.rows) == patched.memories.map(\.rows))
    try patched.writeBase(to: folder.file("stripped"))
    #expect(try folder.contents("stripped") == folder.contents("base.safetensors"))
  }

  @Test func refusesToWrite() throws {
    let cue = Example.cue()
    let widths = "are of another width"
    let other = "transformer.h.1.mlp.c_proj"
    for (cues, problem) in [
      ([cue, cue], "same cue twice"), ([cue, Example.cue([1, 2])], widths),
      ([Example.cue([1, 2], module: ByteString(other))], widths),
    ] {
      #expect { _ = try written([Example.memory("a", cues: cues)]) } throws: {
        guard let error = $0 as? FormatError else { return false }
        return error.kind == .memoryTable && error.problem.contains(problem)
      }
    }
    var short = Example.memory("a")
    short.rows[0].delta = [1]
    #expect { _ = try written([short]) } throws: { ($0 as? FormatError)?.kind == .memoryTable }
  }
}

extension CueTableTests {
  /// The tensors of a table of two rows and one cue at `m`, and of two cues at `n`.
  static func tensors(
    gates: [Int32] = [7, -1, 0, 7], cues: [Int32] = [7, 1], others: [Int32] = [0, 0, 3, 1],
    keys: [Float] = [1, 2], bounds: [Float] = [0.5, 3]
  ) -> [Tensor] {
    ExampleMemories.tensors() + [
      Tensor(name: "m.memory.gates", shape: [2, gates.count / 2], integers: gates),
      Tensor(name: "m.memory.cue_keys", shape: [1, 2], floats: keys),
      Tensor(name: "m.memory.cue_bounds", shape: [1, bounds.count], floats: bounds),
      Tensor(name: "m.memory.cues", shape: [1, 2], integers: cues),
      Tensor(name: "n.memory.cue_keys", shape: [2, 3], floats: [1, 0, 0, 0, 1, 0]),
      Tensor(name: "n.memory.cue_bounds", shape: [2, 2], floats: [0.5, 3, 0.5, 3]),
      Tensor(name: "n.memory.cues", shape: [2, 2], integers: others),
    ]
  }

  private static func replaced(_ name: ByteString, _ tensor: Tensor?) -> [Tensor] {
    tensors().filter { $0.name != name } + [tensor].compactMap(\.self)
  }

  private func opened(_ tensors: [Tensor], version: String? = "2") throws -> Checkpoint {
    let path = folder.file("\(UUID().uuidString).safetensors")
    var metadata: [ByteString: ByteString] = [:]
    if let version { metadata["memory.version"] = ByteString(version) }
    try SafetensorsFile.write(tensors, metadata: metadata, to: path, progress: nil)
    return try Checkpoint(path: path)
  }

  @Test func readsGates() throws {
    let memories = try opened(Self.tensors()).memories
    #expect(memories.map(\.name) == ["m[0]", "m[1]"])
    #expect(memories[0].rows[0].cues.map(\.key) == [[1, 2]])
    #expect(memories[1].rows[0].cues.map(\.key) == [[1, 0, 0], [1, 2]])
    #expect(memories[1].rows[0].cues.map(\.mode) == [.here, .seen])
    #expect(memories[1].rows[0].cues.map(\.module) == ["n", "m"])
    // −1 may stand anywhere, a row may ask for none, and no column means no gates.
    #expect(try opened(Self.tensors(gates: [-1, 3, -1, -1])).memories.map(\.rows[0].cues.count) == [1, 0])
    #expect(try opened(Self.tensors(gates: [])).memories.map(\.rows[0].cues.count) == [0, 0])
    #expect(try opened(Self.replaced("m.memory.gates", nil), version: "1").memories.count == 2)
  }

  /// Rows that ask for cues are not for readers of version 1; cues that none asks for do no harm.
  @Test func versionAndGatesAgree() throws {
    for version in ["1", nil] {
      #expect { try opened(Self.tensors(), version: version) } throws: { ($0 as? FormatError)?.kind == .memoryTable }
      #expect(try opened(Self.tensors(gates: [-1, -1]), version: version).memories.count == 2)
    }
    #expect(try opened(ExampleMemories.tensors(), version: "2").memories.count == 2)
  }

  static let broken: [(String, [Tensor])] = [
    ("second cue of number 7", tensors(others: [0, 0, 7, 1])),
    ("second cue of number 3", tensors(others: [3, 0, 3, 1])),
    ("asks for cue 5", tensors(gates: [7, -1, 5, 7])),
    ("asks for cue 7 twice", tensors(gates: [7, -1, 7, 7])),
    ("negative number", tensors(gates: [7, -2, 0, 7])),
    ("number is negative", tensors(cues: [-1, 1])),
    ("unknown mode", tensors(cues: [7, 2])), ("unknown mode", tensors(cues: [7, -1])),
    ("not finite", tensors(keys: [1, .nan])), ("not finite", tensors(bounds: [.infinity, 3])),
    ("norm", tensors(keys: [0, 0])), ("positive", tensors(bounds: [0, 3])), ("positive", tensors(bounds: [0.5, -1])),
    ("cue bounds have the wrong shape", tensors(bounds: [0.5, 3, 3])),
    ("missing", replaced("m.memory.cue_keys", nil)), ("missing", replaced("m.memory.cue_bounds", nil)),
    ("missing", replaced("m.memory.cues", nil)), ("missing", replaced("n.memory.cue_keys", nil)),
    ("missing", replaced("n.memory.cues", nil)), ("missing", replaced("m.memory.keys", nil)),
    ("missing", [tensors()[3]] + tensors()[4...6]),
    (
      "gates have the wrong shape",
      replaced("m.memory.gates", Tensor(name: "m.memory.gates", shape: [1, 1], integers: [7]))
    ),
    ("wrong type", replaced("m.memory.gates", Tensor(name: "m.memory.gates", shape: [2], integers: [7, 7]))),
    ("wrong type", replaced("m.memory.gates", Tensor(name: "m.memory.gates", shape: [2, 1], floats: [0, 0]))),
    ("wrong type", replaced("m.memory.cues", Tensor(name: "m.memory.cues", shape: [1, 2], floats: [7, 1]))),
    (
      "cues have the wrong shape",
      replaced("m.memory.cues", Tensor(name: "m.memory.cues", shape: [1, 1], integers: [7]))
    ),
    (
      "cue keys have the wrong shape",
      replaced("m.memory.cue_keys", Tensor(name: "m.memory.cue_keys", shape: [1, 3], floats: [1, 1, 1]))
    ),
    (
      "equal cues under two numbers",
      replaced("n.memory.cue_keys", Tensor(name: "n.memory.cue_keys", shape: [2, 3], floats: [1, 0, 0, 1, 0, 0])).map {
        switch $0.name {
        case "n.memory.cues": Tensor(name: $0.name, shape: [2, 2], integers: [0, 1, 3, 1])
        case "m.memory.gates": Tensor(name: $0.name, shape: [2, 2], integers: [7, -1, 3, 0])
        default: $0
        }
      }
    ),
  ]

  @Test(arguments: broken.indices)
  func refuses(_ index: Int) throws {
    let (problem, tensors) = Self.broken[index]
    #expect {
      try opened(tensors)
    } throws: {
      guard let error = $0 as? FormatError else { return false }
      return error.kind == .memoryTable && error.description.contains(problem)
    }
  }
}
