import Foundation
import SystemCalls

/// Copies a range of one file into another: by sharing blocks where the file system can, else inside the kernel, else
/// by reading and writing. Holes stay holes.
struct FileCopy {
  let source: Int32
  let target: Int32
  private var means: Means

  /// The means besides reading and writing.
  struct Means: OptionSet {
    let rawValue: Int
    static let sharing = Means(rawValue: 1)
    static let kernel = Means(rawValue: 2)
    static let all: Means = [.sharing, .kernel]
  }

  /// The most bytes that one call copies, so that progress shows and an interrupt is served.
  private static let partSize = 64 << 20
  private static let bufferSize = 8 << 20
  /// The block size of file systems that share blocks; both offsets must be multiples of it.
  private static let blockSize = 4096

  private static let tooShort = "ends before its tensors do"

  /// A copy that failed, because of the source where `isOfSource`, else because of the target.
  struct Failure: Error {
    var text: String
    var isOfSource = false
  }

  /// - Parameters:
  ///   - source: the descriptor of a file open for reading.
  ///   - target: the descriptor of a file open for writing.
  ///   - means: the means to try; those that fail once are not tried again.
  init(from source: Int32, to target: Int32, means: Means = .all) {
    (self.source, self.target, self.means) = (source, target, means)
  }

  /// Copies `count` bytes into a target that has its final length already.
  ///
  /// - Parameters:
  ///   - offset: of the first byte in the source.
  ///   - targetOffset: of the first byte in the target.
  ///   - progress: called with the size of each part that is copied.
  mutating func copy(
    _ count: Int, from offset: Int, to targetOffset: Int, progress: (Int) -> Void
  ) throws(Failure) {
    let end = offset + count
    // Bytes beyond the end would look like a hole.
    var status = stat()
    guard fstat(source, &status) == 0, status.st_size >= end else {
      throw Failure(text: Self.tooShort, isOfSource: true)
    }
    var next = offset
    while next < end {
      let data = dataRange(from: next, to: end)
      progress(data.lowerBound - next)
      try copyData(data, shift: targetOffset - offset, progress: progress)
      next = data.upperBound
    }
  }

  /// The next range of the source outside holes; empty at `end` where there is none.
  private func dataRange(from offset: Int, to end: Int) -> Range<Int> {
    let start = system_next_data(source, off_t(offset))
    if start < 0 { return errno == ENXIO ? end..<end : offset..<end }
    guard start < end else { return end..<end }
    let stop = system_next_hole(source, start)
    return Int(start)..<(stop > start ? min(Int(stop), end) : end)
  }

  private mutating func copyData(_ range: Range<Int>, shift: Int, progress: (Int) -> Void) throws(Failure) {
    let aligned = (range.lowerBound + Self.blockSize - 1) / Self.blockSize * Self.blockSize
    let blocks = (range.upperBound - aligned) / Self.blockSize * Self.blockSize
    guard means.contains(.sharing), shift % Self.blockSize == 0, blocks > 0,
      shareBlocks(blocks, from: aligned, to: aligned + shift)
    else {
      try copyBytes(range, shift: shift, progress: progress)
      return
    }
    progress(blocks)
    try copyBytes(range.lowerBound..<aligned, shift: shift, progress: progress)
    try copyBytes((aligned + blocks)..<range.upperBound, shift: shift, progress: progress)
  }

  /// Shares `count` bytes of whole blocks; false where the file system cannot.
  private mutating func shareBlocks(_ count: Int, from offset: Int, to targetOffset: Int) -> Bool {
    if system_share_blocks(source, off_t(offset), target, off_t(targetOffset), count) { return true }
    means.remove(.sharing)
    return false
  }

  private mutating func copyBytes(_ range: Range<Int>, shift: Int, progress: (Int) -> Void) throws(Failure) {
    var next = range.lowerBound
    while next < range.upperBound {
      let count = min(range.upperBound - next, Self.partSize)
      if let copied = try copyInKernel(count, from: next, to: next + shift) {
        next += copied
        progress(copied)
      } else {
        let count = min(count, Self.bufferSize)
        try readAndWrite(count, from: next, to: next + shift)
        next += count
        progress(count)
      }
    }
  }

  /// Returns the number of bytes that were copied; nil where the kernel cannot copy between these files.
  private mutating func copyInKernel(
    _ count: Int, from offset: Int, to targetOffset: Int
  ) throws(Failure) -> Int? {
    guard means.contains(.kernel) else { return nil }
    while true {
      let copied = system_copy_range(source, off_t(offset), target, off_t(targetOffset), count)
      if copied > 0 { return copied }
      if copied == 0 { throw Failure(text: Self.tooShort, isOfSource: true) }
      if errno == ENOSYS {
        means.remove(.kernel)
        return nil
      }
      if errno != EINTR { throw Failure(text: systemError()) }
    }
  }

  private func readAndWrite(_ count: Int, from offset: Int, to targetOffset: Int) throws(Failure) {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: Self.blockSize)
    defer { bytes.deallocate() }
    let base = bytes.baseAddress!
    try transfer(count, isOfSource: true) { pread(source, base + $0, count - $0, off_t(offset + $0)) }
    try transfer(count, isOfSource: false) { pwrite(target, base + $0, count - $0, off_t(targetOffset + $0)) }
  }

  /// Repeats `call`, which takes the number of bytes done and returns that of the bytes it moved, until `count` are done.
  private func transfer(_ count: Int, isOfSource: Bool, _ call: (Int) -> Int) throws(Failure) {
    var done = 0
    while done < count {
      let moved = call(done)
      if moved > 0 {
        done += moved
      } else if moved == 0 || errno != EINTR {
        throw Failure(text: moved == 0 ? Self.tooShort : systemError(), isOfSource: isOfSource)
      }
    }
  }
}
