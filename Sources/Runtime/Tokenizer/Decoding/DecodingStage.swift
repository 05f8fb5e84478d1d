/// A decoding step with what it holds back until more tokens come.
struct DecodingStage: Sendable {
  private let step: DecodingStep
  /// Whether tokens are parts of a single one, since a step before made them one.
  private let isFused: Bool
  /// Whether the first token begins a text, rather than continues one.
  private let isStart: Bool
  private var pending: [UInt8] = []
  private var isFirst = true
  /// How many characters were removed from the start.
  private var stripped = 0

  init(_ step: DecodingStep, isFused: Bool, isStart: Bool) {
    (self.step, self.isFused, self.isStart) = (step, isFused, isStart)
  }

  /// The tokens that are complete with this one.
  mutating func append(_ token: [UInt8]) -> [[UInt8]] {
    defer { isFirst = false }
    switch step {
    case .fuse: return [token]
    case .metaspace: return [step.text(of: token, isFirst: isStart && (isFirst || isFused))]
    case .strip(let content, let start, let stop) where isFused:
      return [strippedPart(token, Array(String(content).utf8), isStart ? start : 0, stop)]
    case .byteLevel where !isFused:
      pending += ByteLevelAlphabet.bytes(of: token)
      let held = Self.incompleteSuffix(pending)
      defer { pending.removeFirst(pending.count - held) }
      return [Self.valid(pending.dropLast(held))]
    case .byteFallback where !isFused:
      guard let byte = DecodingStep.byte(token) else { return finish() + [token] }
      pending.append(byte)
      return []
    case .replace(_, _, let isOneCharacter) where !isFused || isOneCharacter:
      return [step.text(of: token, isFirst: false)]
    case .strip: return [step.text(of: token, isFirst: false)]
    case .replace, .byteLevel, .byteFallback:
      // What these do to a part depends on the rest.
      pending += token
      return []
    }
  }

  /// The tokens that were held back.
  mutating func finish() -> [[UInt8]] {
    defer { pending = [] }
    guard !pending.isEmpty else { return [] }
    switch step {
    case .byteLevel where !isFused: return [Self.valid(pending[...])]
    case .byteFallback where !isFused:
      if String(validating: pending, as: UTF8.self) != nil { return [pending] }
      return pending.map { _ in Array("\u{FFFD}".utf8) }
    case .replace, .byteLevel: return [Self.valid(step.text(of: pending, isFirst: false)[...])]
    case .byteFallback: return [Self.valid(step.text(of: pending, isFirst: false)[...])]
    // Only as many as are to be removed were held back.
    case .strip, .metaspace, .fuse: return []
    }
  }

  /// The part of a fused text that surely stays, without up to `start` characters at its start.
  private mutating func strippedPart(_ token: [UInt8], _ content: [UInt8], _ start: Int, _ stop: Int) -> [UInt8] {
    var text = token[...]
    if stripped < start {
      let count = DecodingStep.repetitions(of: content, in: text, most: start - stripped)
      text = text.dropFirst(count * content.count)
      // Behind another character none is removed.
      stripped = text.isEmpty ? stripped + count : start
    }
    guard stop > 0 else { return Array(text) }
    let whole = pending + text
    let held = DecodingStep.repetitions(of: content.reversed(), in: whole.reversed(), most: stop) * content.count
    pending = Array(whole.suffix(held))
    return Array(whole.dropLast(held))
  }

  /// Bytes with U+FFFD in place of what is no UTF-8.
  private static func valid(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    Array(String(decoding: bytes, as: UTF8.self).utf8)
  }

  /// The number of last bytes that begin a character which more bytes could complete.
  private static func incompleteSuffix(_ bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      let byte = bytes[bytes.count - length]
      if byte & 0xC0 == 0x80 { continue }
      let needed = byte >= 0xF0 && byte <= 0xF4 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 1
      return byte <= 0xF4 && needed > length ? length : 0
    }
    return 0
  }
}
