import Foundation
import Testing

@testable import Format

/// Models that are split into several GGUF files.
@Suite struct GGUFSplitTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func path(_ part: Int, of count: Int = 3) -> String { "\(folder.path)/m-0000\(part)-of-0000\(count).gguf" }

  /// The tiny Llama's tensors in three files, each written as its place in the list says.
  private func write(
    tensors: [[Int]] = [[0, 1, 2, 3], [4, 5, 6, 10], [7, 8, 9]], numbers: [UInt32] = [0, 1, 2],
    counts: [UInt32?] = [3, 3, 3], total: UInt32 = 11, architecture: String? = nil
  ) throws {
    for (part, share) in tensors.enumerated() {
      let bytes = GGUFBytes.tinyLlama(tensors: share, hasMetadata: part == 0) {
        $0.entry("split.no", numbers[part])
        $0.entry("split.tensors.count", total)
        if let count = counts[part] { $0.entry("split.count", count) }
        if part > 0, let architecture { $0.entry("general.architecture", architecture) }
        return 2 + (counts[part] == nil ? 0 : 1) + (part > 0 && architecture != nil ? 1 : 0)
      }
      try Data(bytes).write(to: URL(filePath: path(part + 1)))
    }
  }

  private func message(opening part: Int = 1) -> String {
    do {
      _ = try GGUFFile(path: path(part))
      return "opened"
    } catch { return "\(error)" }
  }

  @Test("any part opens the whole, as one file does", arguments: [1, 2, 3])
  func whole(part: Int) throws {
    try write()
    let single = TemporaryFile()
    try single.write(GGUFBytes.tinyLlama())
    let (file, expected) = (try GGUFFile(path: path(part)), try GGUFFile(path: single.path))
    #expect(try file.tensors(dtype: nil).map(\.name) == expected.tensors(dtype: nil).map(\.name))
    #expect(try file.tensors(dtype: nil).map(\.bytes) == expected.tensors(dtype: nil).map(\.bytes))
    #expect(try file.configJSON() == expected.configJSON())
    #expect(try file.tokenizerJSON() == expected.tokenizerJSON())
    #expect(try Checkpoint(path: path(part)).sources == [path(1), path(2), path(3)])
    #expect(try Checkpoint(path: path(part)).baseHash() == Checkpoint(path: single.path).baseHash())
  }

  @Test func aMissingPart() throws {
    try write()
    try FileManager.default.removeItem(atPath: path(2))
    #expect(message() == "\(path(2)): no such file: part 2 of the split of \(path(1))")
    #expect(message(opening: 3) == "\(path(2)): no such file: part 2 of the split of \(path(3))")
  }

  @Test func wrongNumbersAndCounts() throws {
    try write(numbers: [0, 2, 2])
    #expect(message() == "\(path(2)): split.no: not part 2 of the split of \(path(1)), expected 1, got 2")
    try write(numbers: [0, 9, 2])
    #expect(message(opening: 2) == "\(path(2)): split.no: the value is out of range, expected 0 to 2, got 9")
    try write(counts: [3, 2, 3])
    #expect(message() == "\(path(2)): split.count: not part 2 of the split of \(path(1)), expected 3, got 2")
    try write(counts: [3, nil, 3])
    #expect(message() == "\(path(2)): split.count: not part 2 of the split of \(path(1)), expected 3, got nothing")
    try write(counts: [100_000, 3, 3])
    #expect(message() == "\(path(1)): split.count: the value is out of range, expected 1 to 99999, got 100000")
    try write(total: 12)
    #expect(
      message() == "\(path(1)): split.tensors.count: the 3 parts hold another number of tensors, expected 12, got 11")
  }

  @Test func aNameThatDoesNotSayThePart() throws {
    try write()
    let renamed = "\(folder.path)/first.gguf"
    try FileManager.default.moveItem(atPath: path(1), toPath: renamed)
    #expect(throws: FormatError.self) { try GGUFFile(path: renamed) }
    do { _ = try GGUFFile(path: renamed) } catch {
      #expect(
        "\(error)" == "\(renamed): part 1 of a model that is split into 3 files, whose name does not say so, "
          + "expected a name that ends in -00001-of-00003.gguf")
    }
  }

  @Test func tensorsThatAreTwiceOrNowhere() throws {
    try write(tensors: [[0, 1, 2, 3], [4, 3, 5, 6], [7, 8, 9, 10]], total: 12)
    #expect(message() == "\(path(2)): tensor blk.0.ffn_norm.weight: is also in \(path(1))")
    try write(tensors: [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]], total: 10)
    #expect(message() == "\(path(1)): the tensor blk.0.ffn_down.weight is missing")
  }

  @Test func partsOfOtherModels() throws {
    try write(architecture: "gpt2")
    #expect(
      message() == "\(path(2)): general.architecture: differs from that of \(path(1)), expected llama, got gpt2")
    try Data("{}".utf8).write(to: URL(filePath: path(3)))
    try write(tensors: [[0, 1, 2, 3], [4, 5, 6]], counts: [3, 3, 3])
    #expect(message().hasPrefix("\(path(3)): the file ends within the magic number"))
  }

  @Test("a part cut short at every byte")
  func truncated() throws {
    try write()
    let bytes = Array(try Data(contentsOf: URL(filePath: path(2))))
    for count in 0..<bytes.count {
      try Data(bytes.prefix(count)).write(to: URL(filePath: path(2)))
      #expect(throws: FormatError.self, "\(count) bytes") { try GGUFFile(path: path(1)) }
    }
  }

  @Test("a count of one or none is no split", arguments: [0, 1])
  func neutral(count: UInt32) throws {
    let temporary = TemporaryFile()
    try temporary.write(
      GGUFBytes.tinyLlama {
        $0.entry("split.count", count)
        return 1
      })
    #expect(try GGUFFile(path: temporary.path).tensors(dtype: nil).count == 11)
  }
}
