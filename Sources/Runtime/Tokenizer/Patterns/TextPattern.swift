import Format

/// A regular expression that is looked for in texts.
struct TextPattern: Sendable {
  private let program: PatternProgram
  /// Per first byte of a text a mask of the alternatives that may match; the last one is for the end of a text. Alternatives
  /// beyond those that the mask has bits for share its last bit.
  private var startsByByte = [UInt64](repeating: 0, count: 257)

  /// - Throws: `FormatError` of kind `unsupported` that shows the pattern.
  init(_ source: String, location: String) throws(FormatError) {
    self.init(try PatternParser.parse(source, location: location))
  }

  /// A pattern that matches `text` itself.
  init(literal text: String) { self.init(.sequence(text.unicodeScalars.map { .set(ScalarSet($0.value)) })) }

  /// A pattern that matches one character of a set.
  init(_ set: ScalarSet) { self.init(.set(set)) }

  init(_ tree: PatternTree) {
    program = PatternProgram(tree)
    for (i, start) in program.starts.enumerated() {
      let bit = UInt64(1) << UInt64(min(i, UInt64.bitWidth - 1))
      for byte in 0...256 where program.mayBegin(start, with: byte < 256 ? UInt8(byte) : nil) {
        startsByByte[byte] |= bit
      }
    }
  }

  /// Calls `body` with the parts of `text` in order: matches, and the text between them.
  ///
  /// A match may be empty, but not right behind another, as in the library.
  func forEachPart(in text: ArraySlice<UInt8>, _ body: (_ part: Range<Int>, _ isMatch: Bool) -> Void) {
    guard !text.isEmpty else { return }
    text.withUnsafeBufferPointer { bytes in
      program.code.withUnsafeBufferPointer { code in
        withClasses { bits, sets in
          var search = Search(
            pattern: self, text: bytes,
            matcher: PatternMatcher(code, bits: bits, sets: sets, slotCount: program.slotCount, text: bytes))
          let offset = text.startIndex
          var (unmatched, lastEnd) = (0, -1)
          var position = 0
          while position <= bytes.count, let match = search.next(from: position) {
            if match.isEmpty, match.lowerBound == lastEnd {
              guard position < bytes.count else { break }
              position = UTF8Scalars.read(bytes, position).end
              continue
            }
            if unmatched < match.lowerBound { body((offset + unmatched)..<(offset + match.lowerBound), false) }
            body((offset + match.lowerBound)..<(offset + match.upperBound), true)
            (unmatched, lastEnd, position) = (match.upperBound, match.upperBound, match.upperBound)
          }
          if unmatched < bytes.count { body((offset + unmatched)..<text.endIndex, false) }
        }
      }
    }
  }

  private func withClasses(_ body: (UnsafeBufferPointer<UInt64>, UnsafeBufferPointer<ScalarSet>) -> Void) {
    program.bits.withUnsafeBufferPointer { bits in program.sets.withUnsafeBufferPointer { body(bits, $0) } }
  }

  /// A search for matches in one text.
  private struct Search {
    let pattern: TextPattern
    let text: UnsafeBufferPointer<UInt8>
    var matcher: PatternMatcher
    /// Per alternative the end of a run that it begins with and from which it does not match, so that no run is tried again
    /// from each of its characters.
    private var failedUntil: [Int: Int] = [:]

    init(pattern: TextPattern, text: UnsafeBufferPointer<UInt8>, matcher: PatternMatcher) {
      (self.pattern, self.text, self.matcher) = (pattern, text, matcher)
    }

    /// The first match that begins at `position` or behind it.
    mutating func next(from position: Int) -> Range<Int>? {
      var start = position
      while true {
        let open = pattern.startsByByte[start < text.count ? Int(text[start]) : 256]
        if open != 0, case let end = match(open, at: start), end >= 0 { return start..<end }
        guard start < text.count else { return nil }
        start = UTF8Scalars.read(text, start).end
      }
    }

    /// The end of the first alternative that matches, −1 where none does.
    private mutating func match(_ mask: UInt64, at position: Int) -> Int {
      var open = mask
      while open != 0 {
        let bit = open.trailingZeroBitCount
        open &= open - 1
        let last = bit == UInt64.bitWidth - 1 ? pattern.program.starts.count - 1 : bit
        for alternative in bit...max(bit, last) {
          let end = match(alternative: alternative, at: position)
          if end >= 0 { return end }
        }
      }
      return -1
    }

    private mutating func match(alternative: Int, at position: Int) -> Int {
      let first = pattern.program.starts[alternative]
      let instruction = pattern.program.code[first]
      guard instruction.code == .run || instruction.code == .fixedRun, instruction.max == .max else {
        return matcher.match(first, at: position)
      }
      if let failed = failedUntil[alternative], position <= failed { return -1 }
      let end = matcher.match(first, at: position)
      if end < 0 { failedUntil[alternative] = matcher.runEnd(first, from: position) }
      return end
    }
  }
}
