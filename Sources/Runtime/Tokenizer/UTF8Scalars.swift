/// Steps through UTF-8 that is known to be well formed.
enum UTF8Scalars {
  /// The scalar at `position`, and its end.
  @inline(__always)
  static func read(_ text: UnsafeBufferPointer<UInt8>, _ position: Int) -> (scalar: UInt32, end: Int) {
    let byte = text[position]
    if byte < 0x80 { return (UInt32(byte), position + 1) }
    let length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
    let end = min(position + length, text.count)
    var value = UInt32(byte) & (0xFF >> UInt32(length + 1))
    for i in (position + 1)..<end { value = value << 6 | UInt32(text[i] & 0x3F) }
    return (value, end)
  }

  /// The start of the scalar that ends at `position`.
  @inline(__always)
  static func before(_ text: UnsafeBufferPointer<UInt8>, _ position: Int) -> Int {
    var start = position - 1
    while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
    return start
  }
}

extension String {
  /// The text of some scalars.
  init(_ scalars: some Sequence<Unicode.Scalar>) {
    var view = UnicodeScalarView()
    view.append(contentsOf: scalars)
    self.init(view)
  }
}
