/// The matches of a program in one text, found by backtracking.
struct PatternMatcher {
  private typealias Instruction = PatternProgram.Instruction

  /// Where to go on if what was tried does not match.
  private struct Choice {
    enum Kind: UInt8 { case go, shorterRun, longerRun, slot }
    var kind: Kind
    /// The instruction to go on at; for a slot its number.
    var index: Int32
    var position: Int
    /// The end of the shortest run; for a longer one how many characters may be added; for a slot its value.
    var bound: Int
  }

  private let code: UnsafeBufferPointer<Instruction>
  private let bits: UnsafeBufferPointer<UInt64>
  private let sets: UnsafeBufferPointer<ScalarSet>
  private let text: UnsafeBufferPointer<UInt8>
  private var choices: [Choice] = []
  private var slots: [Int]
  /// Where a part behind the position must end.
  private var requiredEnd: Int?
  private var steps = 0
  /// Where choices were left since there were many; none is left twice, so that no pattern takes exponential time.
  private var visited: Set<UInt64> = []

  private static let patience = 1 << 12
  private static let memory = 1 << 22

  init(
    _ code: UnsafeBufferPointer<PatternProgram.Instruction>, bits: UnsafeBufferPointer<UInt64>,
    sets: UnsafeBufferPointer<ScalarSet>, slotCount: Int, text: UnsafeBufferPointer<UInt8>
  ) {
    (self.code, self.bits, self.sets, self.text) = (code, bits, sets, text)
    slots = [Int](repeating: -1, count: slotCount)
  }

  /// The end of the match of an alternative at `position`, −1 where there is none.
  mutating func match(_ start: Int, at position: Int) -> Int {
    if steps <= Self.patience { steps = 0 }
    let end = run(start, position)
    // What failed for one start fails for each; what led to a match does not.
    if end >= 0 || visited.count > Self.memory {
      steps = 0
      visited = []
    }
    return end
  }

  /// The end of the run of an instruction's class from `position` on.
  func runEnd(_ index: Int, from position: Int) -> Int {
    run(of: code[index].set, from: position, least: 0, most: .max).end
  }

  private mutating func run(_ start: Int, _ from: Int) -> Int {
    let base = choices.count
    var (index, position) = (start, from)
    while true {
      if index == 0, requiredEnd.map({ $0 == position }) ?? true {
        choices.removeLast(choices.count - base)
        return position
      }
      if index != 0, step(&index, &position) { continue }
      guard resume(&index, &position, base) else { return -1 }
    }
  }

  /// Executes one instruction; false where it does not match.
  @inline(__always)
  private mutating func step(_ index: inout Int, _ position: inout Int) -> Bool {
    let instruction = code[index]
    if steps > Self.patience, !isNew(instruction, index, position) { return false }
    switch instruction.code {
    case .match: return false
    case .run, .fixedRun:
      let (count, shortest, end) = run(
        of: instruction.set, from: position, least: instruction.min, most: instruction.max)
      guard count >= instruction.min else { return false }
      if instruction.code == .run, end > shortest, instruction.next != 0 || requiredEnd != nil {
        choices.append(Choice(kind: .shorterRun, index: instruction.next, position: end, bound: shortest))
      }
      position = end
    case .lazyRun:
      let (count, _, end) = run(
        of: instruction.set, from: position, least: 0, most: instruction.min)
      guard count >= instruction.min else { return false }
      position = end
      let more = Int(instruction.max == .max ? .max : instruction.max - instruction.min)
      if more > 0 { choices.append(Choice(kind: .longerRun, index: Int32(index), position: end, bound: more)) }
    case .split: choices.append(Choice(kind: .go, index: instruction.other, position: position, bound: 0))
    case .note:
      let slot = instruction.min
      choices.append(Choice(kind: .slot, index: slot, position: position, bound: slots[Int(slot)]))
      slots[Int(slot)] = position
    case .ifProgress:
      if slots[Int(instruction.min)] != position {
        index = Int(instruction.other)
        return true
      }
    case .atomic, .ahead, .notAhead, .behind, .notBehind:
      guard let end = part(instruction, position) else { return false }
      position = end
    case .assert: guard holds(instruction.min, at: position) else { return false }
    }
    index = Int(instruction.next)
    return true
  }

  /// Whether an instruction that leaves a choice was not executed at this position before.
  private mutating func isNew(_ instruction: PatternProgram.Instruction, _ index: Int, _ position: Int) -> Bool {
    switch instruction.code {
    case .split, .run,
      .lazyRun where requiredEnd == nil:
      visited.insert(UInt64(index) << 44 | UInt64(position)).inserted
    default: true
    }
  }

  /// Goes back to the last choice that is open; false where none is.
  private mutating func resume(_ index: inout Int, _ position: inout Int, _ base: Int) -> Bool {
    while choices.count > base {
      let last = choices.count - 1
      let choice = choices[last]
      index = Int(choice.index)
      position = choice.position
      switch choice.kind {
      case .go: choices.removeLast()
      case .slot:
        slots[index] = choice.bound
        choices.removeLast()
        continue
      case .shorterRun:
        position = UTF8Scalars.before(text, position)
        if position > choice.bound { choices[last].position = position } else { choices.removeLast() }
      case .longerRun:
        choices.removeLast()
        let instruction = code[index]
        let end = run(of: instruction.set, from: position, least: 0, most: 1).end
        guard end > position else { continue }
        position = end
        if choice.bound > 1 {
          choices.append(Choice(kind: .longerRun, index: choice.index, position: end, bound: choice.bound - 1))
        }
        index = Int(instruction.next)
      }
      steps += 1
      return true
    }
    return false
  }

  /// The position behind a part that is matched by itself; nil where it does not match or must not.
  private mutating func part(_ instruction: PatternProgram.Instruction, _ position: Int) -> Int? {
    let outer = (requiredEnd, visited, slots)
    (requiredEnd, visited) = (nil, [])
    defer { (requiredEnd, visited, slots) = outer }
    let start = Int(instruction.other)
    switch instruction.code {
    case .atomic, .ahead, .notAhead:
      let end = run(start, position)
      if instruction.code == .atomic { return end < 0 ? nil : end }
      return (end >= 0) == (instruction.code == .ahead) ? position : nil
    default:
      requiredEnd = position
      var (begin, isFound) = (position, false)
      for length in 0...instruction.max {
        if length >= instruction.min, run(start, begin) >= 0 {
          isFound = true
          break
        }
        guard begin > 0 else { break }
        begin = UTF8Scalars.before(text, begin)
      }
      return isFound == (instruction.code == .behind) ? position : nil
    }
  }

  private func holds(_ assertion: Int32, at position: Int) -> Bool {
    switch PatternTree.Assertion(rawValue: UInt8(assertion)) {
    case .textStart: position == 0
    case .textEnd: position == text.count
    case .lastLineEnd: position == text.count || position == text.count - 1 && text[position] == 0x0A
    case .lineStart: position == 0 || text[position - 1] == 0x0A && position < text.count
    case .lineEnd: position == text.count || text[position] == 0x0A
    case .wordBoundary: isWord(before: position) != isWord(at: position)
    case .noWordBoundary: isWord(before: position) == isWord(at: position)
    case nil: false
    }
  }

  private static let words = CharacterClass(ScalarCategory.loneWords)

  private func isWord(before position: Int) -> Bool {
    position > 0 && isWord(at: UTF8Scalars.before(text, position))
  }

  private func isWord(at position: Int) -> Bool {
    position < text.count && Self.words.contains(UTF8Scalars.read(text, position).scalar)
  }

  /// The longest run of a class from `position` on, up to `most` characters: its length, the end of its first `least`
  /// characters, and its end.
  @inline(__always)
  private func run(
    of set: Int32, from position: Int, least: Int32, most: Int32
  ) -> (count: Int32, shortest: Int, end: Int) {
    var (count, shortest, end) = (Int32(0), position, position)
    while count < most, end < text.count {
      let (scalar, after) = UTF8Scalars.read(text, end)
      guard contains(set, scalar) else { break }
      end = after
      // Behind so many characters only whether there are more than `least` counts.
      if count < .max - 1 { count += 1 }
      if count == least { shortest = end }
    }
    return (count, shortest, end)
  }

  @inline(__always)
  private func contains(_ set: Int32, _ scalar: UInt32) -> Bool {
    guard scalar < 0x10000 else { return sets[Int(set)].contains(scalar) }
    return bits[Int(set) * CharacterClass.words + Int(scalar >> 6)] >> UInt64(scalar & 63) & 1 != 0
  }
}
