/// Memory for a loop that is run again and again: it grows and keeps its size. Its content is not kept when it grows.
final class GrowingBuffer<Element: BitwiseCopyable> {
  private(set) var base = UnsafeMutablePointer<Element>.allocate(capacity: 1)
  private var capacity = 1

  deinit { base.deallocate() }

  /// Makes room for `count` elements, whose values are not set.
  func reserve(_ count: Int) {
    guard count > capacity else { return }
    base.deallocate()
    base = .allocate(capacity: count)
    capacity = count
  }
}
