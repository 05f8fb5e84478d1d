import Format

/// A regular expression, matched by backtracking.
struct TextPattern: Sendable {
  private enum Node: Sendable {
    case run(CharacterClass, min: Int, max: Int, isPossessive: Bool, next: Int)
    case either([Int])
    case lookahead(Int, isNegative: Bool, next: Int)
    case lineStart(next: Int)
    case lineEnd(next: Int)
    case match
  }

  private var nodes: [Node] = [.match]
  /// The first node of each alternative, and per first byte of a text a mask of the alternatives that may match.
  private var starts: [Int] = []
  private var startsByByte = [UInt64](repeating: 0, count: 256)

  /// - Throws: `FormatError` of kind `unsupported` that shows the pattern.
  init(_ source: String, location: String) throws(FormatError) {
    self.init(try PatternParser.parse(source, location: location))
    guard starts.count <= UInt64.bitWidth else {
      throw FormatError(.unsupported, location, "the pattern has too many alternatives", expected: "at most 64")
    }
  }

  /// A pattern that matches `text` itself.
  init(literal text: String) {
    self.init(
      .sequence(text.unicodeScalars.map { .run(CharacterClass($0.value), min: 1, max: 1, isPossessive: false) }))
  }

  private init(_ tree: PatternParser.Tree) {
    if case .either(let list) = tree {
      starts = list.map { add($0, next: 0) }
    } else {
      starts = [add(tree, next: 0)]
    }
    for (i, start) in starts.enumerated() where i < UInt64.bitWidth {
      for byte in UInt8.min...(.max) where mayBegin(start, with: byte) { startsByByte[Int(byte)] |= 1 << UInt64(i) }
    }
  }

  /// Adds the nodes of `tree`, and returns the first.
  private mutating func add(_ tree: PatternParser.Tree, next: Int) -> Int {
    switch tree {
    case .sequence(let parts): return parts.reversed().reduce(next) { add($1, next: $0) }
    case .run(let set, let least, let most, let isPossessive):
      nodes.append(.run(set, min: least, max: most, isPossessive: isPossessive, next: next))
    case .either(let list):
      let starts = list.map { add($0, next: next) }
      nodes.append(.either(starts))
    case .lookahead(let inner, let isNegative):
      let start = add(inner, next: 0)
      nodes.append(.lookahead(start, isNegative: isNegative, next: next))
    case .lineStart: nodes.append(.lineStart(next: next))
    case .lineEnd: nodes.append(.lineEnd(next: next))
    }
    return nodes.count - 1
  }

  private func mayBegin(_ node: Int, with byte: UInt8) -> Bool {
    switch nodes[node] {
    case .run(let set, let least, _, _, let next):
      if byte < 0x80 ? set.contains(ascii: byte) : set.mayContainWide { return true }
      return least == 0 && mayBegin(next, with: byte)
    case .either(let list): return list.contains { mayBegin($0, with: byte) }
    case .lookahead(_, _, let next), .lineStart(let next), .lineEnd(let next): return mayBegin(next, with: byte)
    case .match: return true
    }
  }

  // MARK: - Matching

  /// Calls `body` with the parts of `text` in order: matches, and the text between them.
  func forEachPart(in text: ArraySlice<UInt8>, _ body: (_ part: Range<Int>, _ isMatch: Bool) -> Void) {
    text.withUnsafeBufferPointer { bytes in
      let offset = text.startIndex
      var (unmatched, position) = (0, 0)
      while position < bytes.count {
        let end = match(bytes, at: position)
        guard end > position else {
          position = UTF8Scalars.read(bytes, position).end
          continue
        }
        if unmatched < position { body((offset + unmatched)..<(offset + position), false) }
        body((offset + position)..<(offset + end), true)
        (unmatched, position) = (end, end)
      }
      if unmatched < bytes.count { body((offset + unmatched)..<text.endIndex, false) }
    }
  }

  /// The steps of one match. After many it remembers failures, so that no pattern takes exponential time.
  private struct Attempt {
    private var steps = 0
    private var failures: Set<UInt64> = []
    private static let patience = 1 << 12

    mutating func search(_ node: Int, _ position: Int, _ body: (inout Attempt) -> Int) -> Int {
      steps += 1
      guard steps > Self.patience else { return body(&self) }
      let location = UInt64(node) << 44 | UInt64(position)
      guard !failures.contains(location) else { return -1 }
      let end = body(&self)
      if end < 0 { failures.insert(location) }
      return end
    }
  }

  /// The end of the match at `position`, −1 where there is none.
  private func match(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> Int {
    var open = startsByByte[Int(text[position])]
    var attempt = Attempt()
    while open != 0 {
      let end = match(text, starts[open.trailingZeroBitCount], position, &attempt)
      if end >= 0 { return end }
      open &= open - 1
    }
    return -1
  }

  private func match(
    _ text: UnsafeBufferPointer<UInt8>, _ first: Int, _ start: Int, _ attempt: inout Attempt
  ) -> Int {
    var (node, position) = (first, start)
    while true {
      switch nodes[node] {
      case .match: return position
      case .run(let set, let least, let most, let isPossessive, let next):
        var (count, end) = run(of: set, in: text, from: position, most: most)
        guard count >= least else { return -1 }
        if !isPossessive, next != 0 {
          while count > least {
            let found = attempt.search(next, end) { match(text, next, end, &$0) }
            if found >= 0 { return found }
            end = UTF8Scalars.before(text, end)
            count -= 1
          }
        }
        (node, position) = (next, end)
      case .either(let list):
        for start in list.dropLast() {
          let found = attempt.search(start, position) { match(text, start, position, &$0) }
          if found >= 0 { return found }
        }
        node = list[list.count - 1]
      case .lookahead(let inner, let isNegative, let next):
        guard (match(text, inner, position, &attempt) >= 0) != isNegative else { return -1 }
        node = next
      case .lineStart(let next):
        guard position == 0 || text[position - 1] == 0x0A && position < text.count else { return -1 }
        node = next
      case .lineEnd(let next):
        guard position == text.count || text[position] == 0x0A else { return -1 }
        node = next
      }
    }
  }

  /// The longest run of a class from `position` on, up to `most` characters: its length and its end.
  @inline(__always)
  private func run(
    of set: CharacterClass, in text: UnsafeBufferPointer<UInt8>, from position: Int, most: Int
  ) -> (count: Int, end: Int) {
    var (count, end) = (0, position)
    while count < most, end < text.count {
      let byte = text[end]
      if byte < 0x80 {
        guard set.contains(ascii: byte) else { break }
        end += 1
      } else {
        let (scalar, after) = UTF8Scalars.read(text, end)
        guard set.contains(wide: scalar) else { break }
        end = after
      }
      count += 1
    }
    return (count, end)
  }
}
