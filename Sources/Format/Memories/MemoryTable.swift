/// The rows and cues of one module as the file holds them: row i of each matrix is one row of a memory, or one cue.
package struct MemoryTable: Sendable, Equatable {
  /// The module's name, such as `model.layers.23.self_attn.o_proj`.
  package var module: ByteString
  /// D, the width of the module's input.
  package var width: Int
  /// N keys of D elements.
  package var keys: [TableVector]
  /// N deltas of D elements.
  package var deltas: [TableVector]
  /// F32 [N, 2]: boundary and hardness of each row.
  package var bounds: [Float]
  /// For each of the N rows the numbers of the cues that it asks for, in the order in which they are multiplied.
  package var gates: [[Int32]]
  /// The M cues that are watched at this module.
  package var cues: [MemoryCue]
  /// The number of each cue, by which rows of any module ask for it.
  package var cueNumbers: [Int32]

  /// N, the number of rows.
  package var count: Int { bounds.count / 2 }

  /// The tensors of a table, by the end of their names, in the file's order.
  enum Part: String, CaseIterable {
    case keys = ".memory.keys"
    case deltas = ".memory.deltas"
    case bounds = ".memory.bounds"
    case gates = ".memory.gates"
    case cueKeys = ".memory.cue_keys"
    case cueBounds = ".memory.cue_bounds"
    case cues = ".memory.cues"

    func name(at module: ByteString) -> ByteString { ByteString(module.bytes + Array(rawValue.utf8)) }
  }

  /// A table without rows and cues.
  package init(module: ByteString, width: Int) {
    self.module = module
    self.width = width
    keys = []
    deltas = []
    bounds = []
    gates = []
    cues = []
    cueNumbers = []
  }

  /// Adds a row that asks for the cues of the given numbers; key and delta have `width` elements.
  package mutating func append(
    key: TableVector, delta: TableVector, boundary: Float, hardness: Float, gates: [Int32] = []
  ) {
    precondition(key.count == width && delta.count == width)
    keys.append(key)
    deltas.append(delta)
    bounds += [boundary, hardness]
    self.gates.append(gates)
  }

  /// Adds a cue, whose key has `width` elements.
  package mutating func append(_ cue: MemoryCue, number: Int32) {
    precondition(cue.storedKey.count == width)
    cues.append(cue)
    cueNumbers.append(number)
  }

  /// The table's tensors in the file's order: those of the rows, their gates where a row has any, those of the cues.
  package var tensors: [Tensor] {
    var tensors: [Tensor] = []
    func add(_ part: Part, _ shape: [Int], _ floats: [Float]) {
      tensors.append(Tensor(name: part.name(at: module), shape: shape, floats: floats))
    }
    if count > 0 {
      tensors.append(Tensor(Part.keys.name(at: module), rows: keys, width: width))
      tensors.append(Tensor(Part.deltas.name(at: module), rows: deltas, width: width))
      add(.bounds, [count, 2], bounds)
    }
    let most = gates.map(\.count).max() ?? 0
    if most > 0 {
      let padded = gates.flatMap { $0 + [Int32](repeating: -1, count: most - $0.count) }
      tensors.append(Tensor(name: Part.gates.name(at: module), shape: [count, most], integers: padded))
    }
    if !cues.isEmpty {
      tensors.append(Tensor(Part.cueKeys.name(at: module), rows: cues.map(\.storedKey), width: width))
      add(.cueBounds, [cues.count, 2], cues.flatMap { [$0.boundary, $0.hardness] })
      let numbers = zip(cueNumbers, cues).flatMap { [$0, $1.mode.rawValue] }
      tensors.append(Tensor(name: Part.cues.name(at: module), shape: [cues.count, 2], integers: numbers))
    }
    return tensors
  }
}

extension Tensor {
  /// A matrix of vectors: BF16 where all of them are, else F32.
  fileprivate init(_ name: ByteString, rows: [TableVector], width: Int) {
    let dtype: Dtype = rows.allSatisfy { $0.dtype == .bf16 } ? .bf16 : .f32
    let size = width * dtype.bits / 8
    self.init(name: name, dtype: dtype, shape: [rows.count, width], byteCount: rows.count * size) { target in
      for (i, row) in rows.enumerated() {
        let place = UnsafeMutableRawBufferPointer(rebasing: target[(i * size)..<((i + 1) * size)])
        if row.dtype == dtype {
          row.withBytes { place.copyMemory(from: $0) }
        } else {
          row.floats.withUnsafeBytes { place.copyMemory(from: $0) }
        }
      }
    }
  }
}
