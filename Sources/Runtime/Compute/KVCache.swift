/// Keys (rotated) and values of a sequence's tokens at every layer.
///
/// Each head's tokens are contiguous, so that attention reads one run of addresses per head.
public final class KVCache {
  let heads: Int
  let headWidth: Int
  public private(set) var count = 0
  private(set) var capacity: Int
  /// [heads, capacity, head width] per layer.
  private var keys: [UnsafeMutablePointer<Float>]
  private var values: [UnsafeMutablePointer<Float>]

  init(layers: Int, heads: Int, headWidth: Int, capacity: Int) {
    self.heads = heads
    self.headWidth = headWidth
    self.capacity = max(16, capacity)
    let size = self.capacity * heads * headWidth
    keys = (0..<layers).map { _ in .allocate(capacity: size) }
    values = (0..<layers).map { _ in .allocate(capacity: size) }
  }

  deinit { (keys + values).forEach { $0.deallocate() } }

  /// Makes room for `additional` tokens behind the present ones.
  func reserve(_ additional: Int) {
    guard count + additional > capacity else { return }
    let larger = max(count + additional, 2 * capacity)
    func grow(_ old: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Float> {
      let new = UnsafeMutablePointer<Float>.allocate(capacity: larger * heads * headWidth)
      for head in 0..<heads {
        (new + head * larger * headWidth).update(from: old + head * capacity * headWidth, count: count * headWidth)
      }
      old.deallocate()
      return new
    }
    keys = keys.map(grow)
    values = values.map(grow)
    capacity = larger
  }

  /// A head's keys and values at one layer, [capacity, head width] each.
  func head(_ head: Int, layer: Int) -> (keys: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>) {
    let offset = head * capacity * headWidth
    return (keys[layer] + offset, values[layer] + offset)
  }

  /// Counts `additional` tokens that every layer has written behind the present ones.
  func advance(_ additional: Int) { count += additional }
}
