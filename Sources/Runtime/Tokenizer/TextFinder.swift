/// Finds the longest of many texts that a text contains at an offset.
struct TextFinder {
  private var texts = Vocabulary(capacity: 0)
  /// The lengths of the texts per first byte, the longest first.
  private var lengths = [[Int]](repeating: [], count: 256)

  var isEmpty: Bool { texts.count == 0 }

  mutating func add(_ text: [UInt8], _ index: Int) {
    guard let first = text.first, text.withUnsafeBufferPointer({ texts.insert($0, id: index) }) else { return }
    guard !lengths[Int(first)].contains(text.count) else { return }
    lengths[Int(first)].append(text.count)
    lengths[Int(first)].sort(by: >)
  }

  func longest(_ bytes: UnsafeBufferPointer<UInt8>, at i: Int) -> (index: Int, length: Int)? {
    for length in lengths[Int(bytes[i])] where length <= bytes.count - i {
      if let index = texts.id(UnsafeBufferPointer(rebasing: bytes[i..<(i + length)])) { return (index, length) }
    }
    return nil
  }
}
