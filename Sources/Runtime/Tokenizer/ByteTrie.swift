/// Texts with a value each, as a tree of their bytes; the children of a node are looked up in a hash table.
struct ByteTrie: Sendable {
  /// The key (a node and a byte) and the child of each slot.
  private var keys: [UInt32]
  private var children: [UInt32]
  private var mask: Int
  /// The value per node, −1 where none.
  private var values: [Int32] = [-1]

  /// The node of the empty text.
  static let root = 0
  private static let empty = UInt32.max
  /// The most nodes, whose numbers have 24 bits.
  private static let limit = 1 << 24 - 1

  init() {
    keys = [UInt32](repeating: Self.empty, count: 16)
    children = [UInt32](repeating: 0, count: 16)
    mask = 15
  }

  var isEmpty: Bool { values.count == 1 && values[0] < 0 }

  /// - Returns: false where the tree is full.
  mutating func insert(_ text: some Sequence<UInt8>, value: Int32) -> Bool {
    var node = Self.root
    for byte in text {
      if let child = child(of: node, byte) {
        node = child
        continue
      }
      guard values.count < Self.limit else { return false }
      if 2 * values.count >= keys.count { grow() }
      values.append(-1)
      fill(UInt32(node) << 8 | UInt32(byte), UInt32(values.count - 1))
      node = values.count - 1
    }
    values[node] = value
    return true
  }

  private mutating func grow() {
    let old = zip(keys, children).filter { $0.0 != Self.empty }
    keys = [UInt32](repeating: Self.empty, count: 2 * keys.count)
    children = [UInt32](repeating: 0, count: keys.count)
    mask = keys.count - 1
    for (key, child) in old { fill(key, child) }
  }

  private mutating func fill(_ key: UInt32, _ child: UInt32) {
    var slot = slot(of: key)
    while keys[slot] != Self.empty { slot = (slot + 1) & mask }
    (keys[slot], children[slot]) = (key, child)
  }

  @inline(__always)
  private func slot(of key: UInt32) -> Int {
    Int(truncatingIfNeeded: (UInt64(key) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
  }

  @inline(__always)
  func child(of node: Int, _ byte: UInt8) -> Int? {
    let key = UInt32(truncatingIfNeeded: node) << 8 | UInt32(byte)
    var slot = slot(of: key)
    while keys[slot] != Self.empty {
      if keys[slot] == key { return Int(children[slot]) }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// The value of the text that ends at a node.
  @inline(__always)
  func value(of node: Int) -> Int32? { values[node] < 0 ? nil : values[node] }

  /// The longest text that `bytes` contain at `start`.
  func longest(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> (value: Int32, length: Int)? {
    var found: (value: Int32, length: Int)?
    var (node, end) = (Self.root, start)
    while end < bytes.count, let child = child(of: node, bytes[end]) {
      (node, end) = (child, end + 1)
      if let value = value(of: node) { found = (value, end - start) }
    }
    return found
  }
}
