import Foundation
import Testing

@testable import Format

/// Copying ranges of files by each of the means.
@Suite struct FileCopyTests {
  private static let megabyte = 1 << 20

  /// A file of random bytes with a hole of a megabyte in the middle.
  private static func source(_ path: String, seed: UInt64) throws -> [UInt8] {
    var state = seed
    var bytes = (0..<(3 * megabyte + 77)).map { _ -> UInt8 in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
    for i in megabyte..<(2 * megabyte) { bytes[i] = 0 }
    let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
    defer { close(descriptor) }
    bytes.withUnsafeBytes {
      pwrite(descriptor, $0.baseAddress!, megabyte, 0)
      pwrite(descriptor, $0.baseAddress! + 2 * megabyte, bytes.count - 2 * megabyte, off_t(2 * megabyte))
    }
    return bytes
  }

  @Test(
    arguments: [(0, 0), (100, 4196), (100, 300), (4096, 8192), (5000, 8)],
    [FileCopy.Means.all, [.kernel], []])
  func rangesArriveWhole(_ offsets: (from: Int, to: Int), _ means: FileCopy.Means) throws {
    let seed: UInt64 = 5
    let folder = try TemporaryFolder()
    let bytes = try Self.source(folder.file("source"), seed: seed)
    let (source, target) = (
      open(folder.file("source"), O_RDONLY), open(folder.file("target"), O_RDWR | O_CREAT, 0o600)
    )
    defer { for descriptor in [source, target] { close(descriptor) } }
    let count = bytes.count - offsets.from - 13
    try #require(ftruncate(target, off_t(offsets.to + count)) == 0)
    var copy = FileCopy(from: source, to: target, means: means)
    var parts: [Int] = []
    try copy.copy(count, from: offsets.from, to: offsets.to) { parts.append($0) }
    #expect(parts.reduce(0, +) == count)
    let written = try folder.contents("target")
    let expected = [UInt8](repeating: 0, count: offsets.to) + bytes[offsets.from..<(offsets.from + count)]
    #expect(written == expected, "seed \(seed)")
    var status = stat()
    try #require(fstat(target, &status) == 0)
    #expect(Int(status.st_blocks) * 512 < written.count - Self.megabyte / 2, "the hole was filled")
  }

  @Test(arguments: [FileCopy.Means.all, [.kernel], []])
  func aShortSourceDiffersFromABadTarget(_ means: FileCopy.Means) throws {
    let folder = try TemporaryFolder()
    try Data([UInt8](repeating: 1, count: 5000)).write(to: URL(fileURLWithPath: folder.file("source")))
    let (source, target) = (
      open(folder.file("source"), O_RDONLY), open(folder.file("target"), O_RDWR | O_CREAT, 0o600)
    )
    let readOnly = open(folder.file("target"), O_RDONLY)
    defer { for descriptor in [source, target, readOnly] { close(descriptor) } }
    func failure(_ count: Int, to target: Int32) -> FileCopy.Failure? {
      var copy = FileCopy(from: source, to: target, means: means)
      do { try copy.copy(count, from: 0, to: 0) { _ in } } catch { return error }
      return nil
    }
    #expect(failure(5000, to: target) == nil)
    #expect(failure(9000, to: target)?.isOfSource == true)
    #expect(failure(5000, to: readOnly)?.isOfSource == false)
  }
}
