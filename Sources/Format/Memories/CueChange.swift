/// A cue that differs between the two rows of a pair.
public struct CueChange: Sendable, Equatable {
  public enum Kind: String, Sendable {
    case added, removed
    /// Watched at another module, or read in the other way.
    case moved
    /// Another key or other bounds.
    case changed
  }

  /// nil where the old row does not ask for it.
  public var old: MemoryCue?
  /// nil where the new row does not ask for it.
  public var new: MemoryCue?

  public var kind: Kind {
    guard let old else { return .added }
    guard let new else { return .removed }
    return old.module == new.module && old.mode == new.mode ? .changed : .moved
  }

  /// The cosine between the keys, 1 where they are equal; nil where they are at different modules, or one is not there.
  public var keyCosine: Double? {
    guard let old, let new, old.module == new.module else { return nil }
    return cosine(old.key, new.key)
  }
}

extension MemoryChange.RowPair {
  /// The cues that differ: those that changed or moved in the old row's order, then those removed and added.
  ///
  /// Cues belong together where they are equal, then where they are at one module and read in one way, then at one
  /// module, then read in one way; whatever is left was removed or added.
  public var cueChanges: [CueChange] {
    var (rest, others) = (old.cues, new.cues)
    func pairs(_ belong: (MemoryCue, MemoryCue) -> Bool) -> [CueChange] {
      var changes: [CueChange] = []
      rest.removeAll { cue in
        guard let i = others.firstIndex(where: { belong(cue, $0) }) else { return false }
        changes.append(CueChange(old: cue, new: others.remove(at: i)))
        return true
      }
      return changes
    }
    _ = pairs(==)
    var changes = pairs { $0.module == $1.module && $0.mode == $1.mode }
    changes += pairs { $0.module == $1.module }
    changes += pairs { $0.mode == $1.mode }
    return changes + rest.map { CueChange(old: $0, new: nil) } + others.map { CueChange(old: nil, new: $0) }
  }
}
