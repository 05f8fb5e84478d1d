import Foundation
import SystemCalls

/// Copies a stretch of one file into another: shared blocks where the file system can, else inside the kernel, else by
/// reading and writing. Holes stay holes.
struct FileCopy {
  let source: Int32
  let target: Int32
  private var means: Means

  /// The ways beside reading and writing, those that turn out not to work taken away.
  struct Means: OptionSet {
    let rawValue: Int
    static let sharing = Means(rawValue: 1)
    static let kernel = Means(rawValue: 2)
    static let all: Means = [.sharing, .kernel]
  }

  /// What one call copies at most, so that progress is seen and an interrupt heard.
  private static let part = 64 << 20
  private static let buffer = 8 << 20
  /// Of the file systems that share blocks; both places must be multiples of it.
  private static let block = 4096

  private static let tooShort = "ends before its tensors do"

  struct Failure: Error {
    var text: String
    var isOfSource = false
  }

  init(from source: Int32, to target: Int32, means: Means = .all) {
    (self.source, self.target, self.means) = (source, target, means)
  }

  /// - Parameters:
  ///   - place: of the first byte in the source; `other` in the target, which is as long as it will be.
  ///   - progress: called with the bytes that each part brought.
  mutating func copy(_ count: Int, from offset: Int, to other: Int, progress: (Int) -> Void) throws(Failure) {
    let end = offset + count
    // What lies behind the end would look like a hole.
    var status = stat()
    guard fstat(source, &status) == 0, status.st_size >= end else {
      throw Failure(text: Self.tooShort, isOfSource: true)
    }
    var next = offset
    while next < end {
      let (start, stop) = dataRange(from: next, to: end)
      progress(start - next)
      try copyData(start..<stop, shift: other - offset, progress: progress)
      next = stop
    }
  }

  /// The next bytes of the source that are no hole; empty at `end` where there are none.
  private func dataRange(from offset: Int, to end: Int) -> (Int, Int) {
    let start = system_next_data(source, off_t(offset))
    if start < 0 { return errno == ENXIO ? (end, end) : (offset, end) }
    guard start < end else { return (end, end) }
    let stop = system_next_hole(source, start)
    return (Int(start), stop > start ? min(Int(stop), end) : end)
  }

  private mutating func copyData(_ range: Range<Int>, shift: Int, progress: (Int) -> Void) throws(Failure) {
    let aligned = (range.lowerBound + Self.block - 1) / Self.block * Self.block
    let blocks = (range.upperBound - aligned) / Self.block * Self.block
    guard means.contains(.sharing), shift % Self.block == 0, blocks > 0,
      share(blocks, from: aligned, to: aligned + shift)
    else {
      try copyBytes(range, shift: shift, progress: progress)
      return
    }
    progress(blocks)
    try copyBytes(range.lowerBound..<aligned, shift: shift, progress: progress)
    try copyBytes((aligned + blocks)..<range.upperBound, shift: shift, progress: progress)
  }

  /// Shares whole blocks; false where that cannot be.
  private mutating func share(_ count: Int, from offset: Int, to other: Int) -> Bool {
    if system_share_blocks(source, off_t(offset), target, off_t(other), count) { return true }
    means.remove(.sharing)
    return false
  }

  private mutating func copyBytes(_ range: Range<Int>, shift: Int, progress: (Int) -> Void) throws(Failure) {
    var next = range.lowerBound
    while next < range.upperBound {
      let count = min(range.upperBound - next, Self.part)
      if let copied = try copyInKernel(count, from: next, to: next + shift) {
        next += copied
        progress(copied)
      } else {
        let count = min(count, Self.buffer)
        try readAndWrite(count, from: next, to: next + shift)
        next += count
        progress(count)
      }
    }
  }

  /// The number of bytes that were copied; nil where the kernel cannot.
  private mutating func copyInKernel(_ count: Int, from offset: Int, to other: Int) throws(Failure) -> Int? {
    guard means.contains(.kernel) else { return nil }
    while true {
      let copied = system_copy_range(source, off_t(offset), target, off_t(other), count)
      if copied > 0 { return copied }
      if copied == 0 { throw Failure(text: Self.tooShort, isOfSource: true) }
      if errno == ENOSYS {
        means.remove(.kernel)
        return nil
      }
      if errno != EINTR { throw Failure(text: systemError()) }
    }
  }

  private func readAndWrite(_ count: Int, from offset: Int, to other: Int) throws(Failure) {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: Self.block)
    defer { bytes.deallocate() }
    try transfer(count, isOfSource: true) { pread(source, bytes.baseAddress! + $0, count - $0, off_t(offset + $0)) }
    try transfer(count, isOfSource: false) { pwrite(target, bytes.baseAddress! + $0, count - $0, off_t(other + $0)) }
  }

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
