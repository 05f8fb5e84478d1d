import Testing

@testable import Format

/// The base tensors that differ between two checkpoints, and by how many elements.
@Suite struct BaseChangesTests {
  private func checkpoint(_ tensors: [Tensor]) throws -> Checkpoint {
    let folder = try TemporaryFolder()
    let path = folder.file("f")
    try SafetensorsFile.write(tensors, metadata: [:], to: path, progress: nil)
    return try Checkpoint(path: path)
  }

  private func tensor(_ name: ByteString, _ dtype: Dtype, _ shape: [Int], _ bytes: [UInt8]) -> Tensor {
    Tensor(name: name, dtype: dtype, shape: shape, bytes: bytes)
  }

  @Test func layoutsAndBytes() throws {
    let old = try checkpoint([
      tensor("same", .f32, [2], [1, 2, 3, 4, 5, 6, 7, 8]), tensor("gone", .u8, [1], [1]),
      tensor("dtype", .f16, [2], [1, 2, 3, 4]), tensor("shape", .u8, [2, 3], [1, 2, 3, 4, 5, 6]),
      tensor("bytes", .bf16, [3], [1, 2, 3, 4, 5, 6]), tensor("empty", .f32, [0], []),
    ])
    let new = try checkpoint([
      tensor("empty", .f32, [0], []), tensor("bytes", .bf16, [3], [1, 2, 9, 9, 5, 9]),
      tensor("shape", .u8, [3, 2], [1, 2, 3, 4, 5, 6]), tensor("dtype", .bf16, [2], [1, 2, 3, 4]),
      tensor("came", .i64, [1], [0, 0, 0, 0, 0, 0, 0, 1]), tensor("same", .f32, [2], [1, 2, 3, 4, 5, 6, 7, 8]),
    ])
    let u8 = { (shape: [Int]) in TensorChange.Layout(dtype: .u8, shape: shape) }
    let bf16 = { (shape: [Int]) in TensorChange.Layout(dtype: .bf16, shape: shape) }
    #expect(
      old.baseChanges(to: new) == [
        TensorChange(name: "bytes", old: bf16([3]), new: bf16([3]), differing: 2),
        TensorChange(name: "came", old: nil, new: .init(dtype: .i64, shape: [1])),
        TensorChange(name: "dtype", old: .init(dtype: .f16, shape: [2]), new: bf16([2])),
        TensorChange(name: "gone", old: u8([1]), new: nil),
        TensorChange(name: "shape", old: u8([2, 3]), new: u8([3, 2])),
      ])
    #expect(old.baseChanges(to: old).isEmpty && new.baseChanges(to: new).isEmpty)
  }

  @Test(arguments: Dtype.allCases)
  func elementsAreCountedByTheirWidth(_ dtype: Dtype) throws {
    let bytes = [UInt8](repeating: 0, count: 48)
    var other = bytes
    // The ends of the first and the last 8 bytes: two elements whatever their width.
    (other[0], other[47]) = (1, 1)
    let shape = [48 * 8 / dtype.bits]
    let (a, b) = (
      try checkpoint([tensor("t", dtype, shape, bytes)]), try checkpoint([tensor("t", dtype, shape, other)])
    )
    let change = try #require(a.baseChanges(to: b).first)
    #expect(change.differing == 2 && change.new?.unitCount == (dtype.bits < 8 ? 48 : shape[0]))
  }

  @Test func anEmptyCheckpointLacksAllTensors() throws {
    let some = try checkpoint([tensor("t", .u8, [1], [1])])
    #expect(Checkpoint(emptyAt: "/dev/null").baseChanges(to: some).map(\.name) == ["t"])
  }
}
