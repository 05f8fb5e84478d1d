import Format

/// Token spellings and their ids: one array of all spellings' bytes, and an open-addressing hash table.
struct Vocabulary {
  private var spellings: [UInt8] = []
  /// The range of each id's spelling; a length of `.max` for ids that have none.
  private var starts: [UInt32]
  private var lengths: [UInt32]
  private var slots: [Int32]
  private var mask: Int
  /// 1 + the largest id.
  private(set) var size: Int
  private(set) var count = 0

  /// The first id that is refused, so that no file makes the tables huge.
  static let idLimit = 1 << 24

  init(capacity: Int) {
    var slotCount = 16
    while slotCount < 2 * capacity { slotCount *= 2 }
    slots = [Int32](repeating: -1, count: slotCount)
    mask = slotCount - 1
    starts = []
    lengths = []
    size = 0
    starts.reserveCapacity(capacity)
    lengths.reserveCapacity(capacity)
    spellings.reserveCapacity(capacity * 8)
  }

  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var h: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { h = (h ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int(truncatingIfNeeded: h ^ h >> 29)
  }

  private func isSpelled(_ id: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard lengths[id] == UInt32(bytes.count) else { return false }
    let start = Int(starts[id])
    for i in 0..<bytes.count where spellings[start + i] != bytes[i] { return false }
    return true
  }

  func id(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    var slot = Self.hash(bytes) & mask
    while slots[slot] >= 0 {
      if isSpelled(Int(slots[slot]), bytes) { return Int(slots[slot]) }
      slot = (slot + 1) & mask
    }
    return nil
  }

  func id(_ bytes: [UInt8]) -> Int? { bytes.withUnsafeBufferPointer(id) }

  /// Whether `id` has a spelling.
  func contains(_ id: Int) -> Bool { id >= 0 && id < size && lengths[id] != .max }

  func spelling(_ id: Int) -> [UInt8] {
    guard contains(id) else { return [] }
    return Array(spellings[Int(starts[id])..<(Int(starts[id]) + Int(lengths[id]))])
  }

  /// - Returns: false where the id or the spelling is taken already.
  mutating func insert(_ bytes: UnsafeBufferPointer<UInt8>, id: Int) -> Bool {
    if 2 * (count + 1) > slots.count { grow() }
    while size <= id {
      starts.append(0)
      lengths.append(.max)
      size += 1
    }
    guard lengths[id] == .max, self.id(bytes) == nil else { return false }
    starts[id] = UInt32(spellings.count)
    lengths[id] = UInt32(bytes.count)
    spellings.append(contentsOf: bytes)
    fillSlot(id, Self.hash(bytes))
    count += 1
    return true
  }

  private mutating func fillSlot(_ id: Int, _ hash: Int) {
    var slot = hash & mask
    while slots[slot] >= 0 { slot = (slot + 1) & mask }
    slots[slot] = Int32(id)
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: 2 * slots.count)
    mask = slots.count - 1
    for id in 0..<size where lengths[id] != .max {
      fillSlot(id, spelling(id).withUnsafeBufferPointer(Self.hash))
    }
  }
}
