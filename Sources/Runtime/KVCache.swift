/// Keys (rotated) and values of a sequence's tokens at every layer, and what has been seen in it.
///
/// Each head's tokens are contiguous, so that attention reads one run of addresses per head.
package final class KVCache {
  let heads: Int
  let headWidth: Int
  package private(set) var count = 0
  /// Where the cues of the memories that the cache was filled with have been present; nil where they ask for none.
  package private(set) var presence: CuePresence?
  private(set) var capacity: Int
  /// [heads, capacity, head width] per layer.
  private var keys: [UnsafeMutablePointer<Float>]
  private var values: [UnsafeMutablePointer<Float>]

  init(layers: Int, heads: Int, headWidth: Int, capacity: Int) {
    self.heads = heads
    self.headWidth = headWidth
    self.capacity = max(1, capacity)
    let size = self.capacity * heads * headWidth
    keys = (0..<layers).map { _ in .allocate(capacity: size) }
    values = (0..<layers).map { _ in .allocate(capacity: size) }
  }

  deinit { (keys + values).forEach { $0.deallocate() } }

  /// The first tokens of this cache in one of its own, which further ones can be appended to; what has been seen is left
  /// out.
  package func copied(first count: Int, capacity: Int) -> KVCache {
    precondition(count <= self.count)
    let copy = KVCache(layers: keys.count, heads: heads, headWidth: headWidth, capacity: max(count, capacity))
    for layer in keys.indices {
      for head in 0..<heads {
        let (from, to) = (self.head(head, layer: layer), copy.head(head, layer: layer))
        to.keys.update(from: from.keys, count: count * headWidth)
        to.values.update(from: from.values, count: count * headWidth)
      }
    }
    copy.count = count
    return copy
  }

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

  /// What has been present of a set's cues, for a pass whose first token is at `position`.
  func presence(of memories: MemorySet, at position: Int) -> CuePresence {
    if let presence, presence.set === memories { return presence }
    precondition(position == 0, "what has been seen is known of the memories alone that a cache was filled with")
    let new = CuePresence(of: memories)
    presence = new
    return new
  }

  /// Puts what was found out elsewhere about the cache's tokens in the place of what it knows.
  func adopt(_ known: CuePresence) { presence = known }
}
