/// One number for all cues that are equal bit for bit, counted from 0 in the order in which they come.
struct CueNumbering {
  /// The distinct cues by their numbers.
  private(set) var cues: [MemoryCue] = []
  private var numbers: [Identity: Int] = [:]

  /// The number of a cue, the next one where no equal cue came before.
  mutating func number(of cue: MemoryCue) -> Int {
    let number = numbers[Identity(cue: cue), default: cues.count]
    if number == cues.count {
      numbers[Identity(cue: cue)] = number
      cues.append(cue)
    }
    return number
  }

  /// A cue compared by the bits of its numbers: 0 and −0 differ, as their bytes in the file do.
  private struct Identity: Hashable {
    var cue: MemoryCue

    static func == (a: Identity, b: Identity) -> Bool {
      let (a, b) = (a.cue, b.cue)
      guard a.mode == b.mode, a.module == b.module, a.boundary.bitPattern == b.boundary.bitPattern,
        a.hardness.bitPattern == b.hardness.bitPattern
      else { return false }
      return a.storedKey.hasSameBits(as: b.storedKey)
    }

    /// Takes a few elements of the key: those of different cues differ almost everywhere, and equality compares all.
    func hash(into hasher: inout Hasher) {
      hasher.combine(cue.mode)
      hasher.combine(cue.module)
      hasher.combine(cue.boundary.bitPattern)
      let key = cue.storedKey
      for index in stride(from: 0, to: key.count, by: max(1, key.count / 8)) { hasher.combine(key[index].bitPattern) }
    }
  }
}
