/// Keys (rotated) and values of a sequence's tokens at every layer.
public final class KVCache {
  /// K: key–value heads × width of a head.
  let width: Int
  public private(set) var count = 0
  private(set) var capacity: Int
  /// [layer] → (capacity, K).
  private(set) var keys: [UnsafeMutablePointer<Float>]
  private(set) var values: [UnsafeMutablePointer<Float>]

  init(layers: Int, width: Int, capacity: Int) {
    self.width = width
    self.capacity = max(16, capacity)
    let size = self.capacity * width
    keys = (0..<layers).map { _ in .allocate(capacity: size) }
    values = (0..<layers).map { _ in .allocate(capacity: size) }
  }

  deinit { (keys + values).forEach { $0.deallocate() } }

  /// Makes room for `additional` tokens behind the present ones.
  func reserve(_ additional: Int) {
    guard count + additional > capacity else { return }
    let larger = max(count + additional, 2 * capacity)
    func grow(_ old: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Float> {
      let new = UnsafeMutablePointer<Float>.allocate(capacity: larger * width)
      new.update(from: old, count: count * width)
      old.deallocate()
      return new
    }
    keys = keys.map(grow)
    values = values.map(grow)
    capacity = larger
  }

  /// Says that every layer has had `additional` tokens written behind the present ones.
  func advance(_ additional: Int) { count += additional }

  /// Forgets the tokens from `count` on.
  public func truncate(to count: Int) { self.count = min(count, self.count) }
}
