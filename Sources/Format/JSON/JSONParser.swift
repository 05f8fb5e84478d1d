/// The recognizer behind `JSONDocument`: reads the bytes once and makes a node per value.
struct JSONParser {
  typealias Node = JSONDocument.Node

  /// The rules that a text can break.
  enum Rule { case syntax, encoding, distinctKeys }

  private let bytes: [UInt8]
  private let location: String
  private let kind: (Rule) -> FormatError.Kind
  private var position = 0
  private var nodes: [Node] = []

  /// - Parameter kind: the kind of the error for a broken rule.
  init(bytes: [UInt8], location: String, kind: @escaping (Rule) -> FormatError.Kind) {
    self.bytes = bytes
    self.location = location
    self.kind = kind
  }

  mutating func parse() throws(FormatError) -> [Node] {
    guard bytes.count < UInt32.max else { throw problem("longer than 4 GiB") }
    nodes.reserveCapacity(bytes.count / 12 + 16)
    skipSpace()
    try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw problem("something follows the value") }
    return nodes
  }

  private func problem(_ what: String, at offset: Int? = nil, breaking rule: Rule = .syntax) -> FormatError {
    FormatError(
      kind(rule), location, "not valid JSON: \(what) at byte \(offset ?? position)\(line(of: offset ?? position))")
  }

  /// Where a byte is for an editor, in a text of several lines; columns count characters from 1.
  private func line(of offset: Int) -> String {
    let before = bytes[..<min(offset, bytes.count)]
    guard bytes.contains(0x0A), let text = String(validating: before, as: UTF8.self) else { return "" }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return ", line \(lines.count), column \(lines[lines.count - 1].unicodeScalars.count + 1)"
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func append(_ kind: Node.Kind, _ start: Int, _ end: Int) {
    nodes.append(Node(kind, bytes: start..<end))
  }

  private mutating func value(depth: Int) throws(FormatError) {
    guard let byte = current else { throw problem("the text ends early") }
    switch byte {
    case UInt8(ascii: "{"): try container(.object, closing: UInt8(ascii: "}"), depth: depth)
    case UInt8(ascii: "["): try container(.array, closing: UInt8(ascii: "]"), depth: depth)
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "t"): try literal("true", .true)
    case UInt8(ascii: "f"): try literal("false", .false)
    case UInt8(ascii: "n"): try literal("null", .null)
    case UInt8(ascii: "-"), 0x30...0x39: try number()
    default: throw problem("unexpected byte 0x\(String(byte, radix: 16))")
    }
  }

  private mutating func literal(_ word: String, _ kind: Node.Kind) throws(FormatError) {
    let end = position + word.utf8.count
    guard end <= bytes.count, bytes[position..<end].elementsEqual(word.utf8) else {
      throw problem("unknown word")
    }
    append(kind, position, end)
    position = end
  }

  private mutating func number() throws(FormatError) {
    let start = position
    if current == UInt8(ascii: "-") { position += 1 }
    let first = position
    try digits()
    if bytes[first] == UInt8(ascii: "0"), position > first + 1 { throw problem("leading zero", at: first) }
    if current == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    if let byte = current, byte | 0x20 == UInt8(ascii: "e") {
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    append(.number, start, position)
  }

  private mutating func digits() throws(FormatError) {
    guard current?.decimalDigit != nil else { throw problem("digit missing") }
    while current?.decimalDigit != nil { position += 1 }
  }

  private mutating func container(
    _ kind: Node.Kind, closing: UInt8, depth: Int
  ) throws(FormatError) {
    guard depth < JSONDocument.depthLimit else {
      throw problem("nested deeper than \(JSONDocument.depthLimit)")
    }
    let index = nodes.count
    append(kind, position, position)
    position += 1
    skipSpace()
    var count = 0
    if current != closing {
      while true {
        if kind == .object {
          guard current == UInt8(ascii: "\"") else { throw problem("key missing") }
          try string()
          skipSpace()
          guard current == UInt8(ascii: ":") else { throw problem("colon missing") }
          position += 1
          skipSpace()
        }
        try value(depth: depth + 1)
        count += 1
        skipSpace()
        if current == closing { break }
        guard current == UInt8(ascii: ",") else { throw problem("comma or closing bracket missing") }
        position += 1
        skipSpace()
      }
    }
    position += 1
    nodes[index] = Node(kind, count: count, next: nodes.count)
    if kind == .object { try rejectDuplicates(index) }
  }

  private func rejectDuplicates(_ object: Int) throws(FormatError) {
    let count = nodes[object].count
    guard count > 1 else { return }
    var child = object + 1
    var keys: [(hash: Int, node: Int)] = []
    keys.reserveCapacity(count)
    for _ in 0..<count {
      keys.append((keyHash(child), child))
      child = nodes[child + 1].next(at: child + 1)
    }
    keys.sort { $0.hash < $1.hash }
    for i in 1..<count {
      for j in (0..<i).reversed() {
        guard keys[j].hash == keys[i].hash else { break }
        let name = keyBytes(keys[i].node)
        guard keyBytes(keys[j].node) == name else { continue }
        throw problem(
          "the key \"\(String(decoding: name, as: UTF8.self).printable(limit: 60))\" stands twice",
          at: max(nodes[keys[i].node].bytes.lowerBound, nodes[keys[j].node].bytes.lowerBound),
          breaking: .distinctKeys)
      }
    }
  }

  /// A hash with a seed per process, so that no file can be made whose keys all collide.
  private func keyHash(_ node: Int) -> Int {
    var hasher = Hasher()
    if nodes[node].kind == .string {
      bytes.withUnsafeBytes {
        hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0[nodes[node].bytes]))
      }
    } else {
      keyBytes(node).withUnsafeBytes { hasher.combine(bytes: $0) }
    }
    return hasher.finalize()
  }

  private func keyBytes(_ node: Int) -> [UInt8] {
    let slice = bytes[nodes[node].bytes]
    return nodes[node].kind == .string ? Array(slice) : Self.unescape(slice)
  }
}

// MARK: - Strings

extension JSONParser {
  /// Checks UTF-8 and escapes, so that `unescape` cannot fail afterwards.
  private mutating func string() throws(FormatError) {
    position += 1
    let start = position
    var escaped = false
    while true {
      guard let byte = current else { throw problem("string without an end", at: start - 1) }
      switch byte {
      case UInt8(ascii: "\""):
        append(escaped ? .escapedString : .string, start, position)
        position += 1
        return
      case UInt8(ascii: "\\"):
        escaped = true
        try escape()
      case 0..<0x20: throw problem("control character in a string")
      case 0x20..<0x80: position += 1
      default: try multibyteScalar(byte)
      }
    }
  }

  /// Well-formed sequences of Unicode table 3-7: no overlong forms, no surrogates, nothing past U+10FFFF.
  private mutating func multibyteScalar(_ lead: UInt8) throws(FormatError) {
    let (length, second): (Int, ClosedRange<UInt8>)
    switch lead {
    case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xE1...0xEC, 0xEE...0xEF: (length, second) = (3, 0x80...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: throw problem("not UTF-8", breaking: .encoding)
    }
    guard position + length <= bytes.count, second.contains(bytes[position + 1]),
      bytes[(position + 2)..<(position + length)].allSatisfy({ $0 & 0xC0 == 0x80 })
    else { throw problem("not UTF-8", breaking: .encoding) }
    position += length
  }

  private mutating func escape() throws(FormatError) {
    guard position + 1 < bytes.count else { throw problem("the text ends in an escape") }
    switch bytes[position + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      position += 2
    case UInt8(ascii: "u"):
      guard let unit = Self.hex4(bytes[...], at: position + 2) else { throw problem("bad \\u escape") }
      if 0xDC00...0xDFFF ~= unit { throw problem("lone surrogate") }
      position += 6
      guard 0xD800...0xDBFF ~= unit else { return }
      guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
        bytes[position + 1] == UInt8(ascii: "u"),
        let low = Self.hex4(bytes[...], at: position + 2), 0xDC00...0xDFFF ~= low
      else { throw problem("lone surrogate") }
      position += 6
    default: throw problem("unknown escape")
    }
  }

  private static func hex4(_ bytes: ArraySlice<UInt8>, at start: Int) -> UInt32? {
    guard start + 4 <= bytes.endIndex else { return nil }
    var value: UInt32 = 0
    for byte in bytes[start..<(start + 4)] {
      switch byte {
      case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
      case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
      case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
      default: return nil
      }
    }
    return value
  }

  /// Resolves the escapes of a string that `string()` has accepted.
  static func unescape(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var i = text.startIndex
    while i < text.endIndex {
      guard text[i] == UInt8(ascii: "\\") else {
        result.append(text[i])
        i += 1
        continue
      }
      switch text[i + 1] {
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "u"):
        var scalar = hex4(text, at: i + 2) ?? 0xFFFD
        if 0xD800...0xDBFF ~= scalar, let low = hex4(text, at: i + 8) {
          scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
          i += 6
        }
        result.append(contentsOf: String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
        i += 4
      default: result.append(text[i + 1])
      }
      i += 2
    }
    return result
  }
}
