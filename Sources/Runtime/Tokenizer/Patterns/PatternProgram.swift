/// The instructions of a regular expression.
struct PatternProgram: Sendable {
  struct Instruction {
    enum Code: UInt8 {
      /// The end of the program or of a part that is matched by itself.
      case match
      /// As many characters of a class as there are, from `min` to `max`.
      case run
      /// As few.
      case lazyRun
      /// As many, and no fewer if the rest does not match.
      case fixedRun
      /// What is at `next`, or else at `other`.
      case split
      /// Notes the position in slot `min`.
      case note
      /// Goes on at `other`, but at `next` where nothing was taken since slot `min` was noted.
      case ifProgress
      /// The part at `other`, whose end is where matching goes on.
      case atomic
      /// The part at `other` must match, or must not.
      case ahead, notAhead
      /// The same of a text that ends here and has `min` to `max` characters.
      case behind, notBehind
      /// `min` is the assertion.
      case assert
    }
    var code: Code
    var set: Int32 = 0
    var min: Int32 = 0
    var max: Int32 = 0
    var next: Int32 = 0
    var other: Int32 = 0
  }

  private(set) var code = [Instruction(code: .match)]
  /// Per set of characters its bits below U+10000, `CharacterClass.words` words each, and all of it.
  private(set) var bits: [UInt64] = []
  private(set) var sets: [ScalarSet] = []
  private(set) var slotCount = 0
  /// The first instruction of each alternative.
  private(set) var starts: [Int] = []

  init(_ tree: PatternTree) {
    if case .either(let list) = tree {
      starts = list.map { add($0, next: 0) }
    } else {
      starts = [add(tree, next: 0)]
    }
  }

  private mutating func append(_ instruction: Instruction) -> Int {
    code.append(instruction)
    return code.count - 1
  }

  private mutating func index(of set: ScalarSet) -> Int32 {
    if let index = sets.firstIndex(of: set) { return Int32(index) }
    sets.append(set)
    bits += CharacterClass.bits(of: set)
    return Int32(sets.count - 1)
  }

  /// Adds the instructions of `tree`, and returns the first.
  private mutating func add(_ tree: PatternTree, next: Int) -> Int {
    switch tree {
    case .set: return add(run: tree, 1, 1, .possessive, next: next)
    case .sequence(let parts): return parts.reversed().reduce(next) { add($1, next: $0) }
    case .either(let list):
      let starts = list.map { add($0, next: next) }
      return starts.dropLast().reversed().reduce(starts[starts.count - 1]) { other, start in
        append(Instruction(code: .split, next: Int32(start), other: Int32(other)))
      }
    case .repeated(.set, let least, let most, let greed):
      guard case .repeated(let set, _, _, _) = tree else { return next }
      return add(run: set, least, most, greed, next: next)
    case .repeated(let inner, let least, let most, let greed):
      guard greed != .possessive else {
        return add(.atomic(.repeated(inner, min: least, max: most, .greedy)), next: next)
      }
      return add(repeated: inner, least, most, isLazy: greed == .lazy, next: next)
    case .atomic(let inner):
      return append(Instruction(code: .atomic, next: Int32(next), other: Int32(add(inner, next: 0))))
    case .look(let inner, let isBehind, let isNegative):
      let start = Int32(add(inner, next: 0))
      let lengths = inner.lengths
      let code: Instruction.Code = isBehind ? isNegative ? .notBehind : .behind : isNegative ? .notAhead : .ahead
      return append(
        Instruction(
          code: code, min: Int32(clamping: lengths.min), max: Int32(clamping: lengths.max), next: Int32(next),
          other: start))
    case .assertion(let assertion):
      return append(Instruction(code: .assert, min: Int32(assertion.rawValue), next: Int32(next)))
    }
  }

  private mutating func add(
    run tree: PatternTree, _ least: Int, _ most: Int, _ greed: PatternTree.Greed, next: Int
  ) -> Int {
    guard case .set(let set) = tree else { return next }
    var kind: Instruction.Code = [.run, .lazyRun, .fixedRun][Int(greed.rawValue)]
    // Shorter runs are not worth a try where the next character cannot be one of the run.
    if kind == .run, case let after = code[next], [.run, .fixedRun].contains(after.code), after.min > 0,
      sets[Int(after.set)].intersection(set).isEmpty
    {
      kind = .fixedRun
    }
    return append(
      Instruction(
        code: kind, set: index(of: set), min: Int32(clamping: least), max: Int32(clamping: most), next: Int32(next)))
  }

  /// Adds copies of `inner`: as many as it needs, then those that it may have, the last one again and again if there is no limit.
  private mutating func add(
    repeated inner: PatternTree, _ least: Int, _ most: Int, isLazy: Bool, next: Int
  ) -> Int {
    func choice(_ body: Int) -> Instruction {
      Instruction(code: .split, next: Int32(isLazy ? next : body), other: Int32(isLazy ? body : next))
    }
    var first = next
    if most == .max {
      let loop = append(Instruction(code: .split))
      if inner.lengths.min > 0 {
        code[loop] = choice(add(inner, next: loop))
      } else {
        // A round that takes nothing is the last one.
        let slot = Int32(slotCount)
        slotCount += 1
        let end = append(Instruction(code: .ifProgress, min: slot, next: Int32(next), other: Int32(loop)))
        let body = add(inner, next: end)
        code[loop] = choice(append(Instruction(code: .note, min: slot, next: Int32(body))))
      }
      first = loop
    } else {
      for _ in least..<max(least, most) { first = append(choice(add(inner, next: first))) }
    }
    for _ in 0..<least { first = add(inner, next: first) }
    return first
  }

  /// Whether a text that begins with a byte may match at an instruction; nil is the end of the text.
  func mayBegin(_ start: Int, with byte: UInt8?) -> Bool {
    var (open, seen) = ([start], Set<Int>())
    while let index = open.popLast() {
      guard seen.insert(index).inserted else { continue }
      let instruction = code[index]
      switch instruction.code {
      case .match: return true
      case .run, .lazyRun, .fixedRun:
        if let byte, isFirst(byte, of: Int(instruction.set)) { return true }
        if instruction.min == 0 || instruction.max == 0 { open.append(Int(instruction.next)) }
      case .split, .ifProgress: open += [Int(instruction.next), Int(instruction.other)]
      case .atomic: open.append(Int(instruction.other))
      case .note, .ahead, .notAhead, .behind, .notBehind, .assert: open.append(Int(instruction.next))
      }
    }
    return false
  }

  private func isFirst(_ byte: UInt8, of set: Int) -> Bool {
    byte < 0x80 ? sets[set].contains(UInt32(byte)) : (sets[set].bounds.last ?? 0) > 0x80
  }
}
