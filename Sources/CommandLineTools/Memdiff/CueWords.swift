import Format

extension CueChange {
  /// The differences and what they mean.
  var statements: [String] {
    switch (old, new) {
    case (let old?, let new?):
      let words = RegionWords(old: .init(old), new: .init(new), acts: "is present", keysAreActivations: false)
      guard kind == .moved else {
        return [words.key, words.bounds].compactMap { $0.map { "the cue \(new.place): \($0)" } }
      }
      return ["the cue \(old.place) moved to \(new.place)"]
    case (nil, let new?): return ["asks for a cue \(new.place): it acts in fewer places"]
    case (let old?, nil): return ["asks no more for a cue \(old.place): it acts in more places"]
    case (nil, nil): return []
    }
  }
}

extension MemoryCue {
  /// How and where it is watched, for people: `seen at model.layers.9.mlp.down_proj`.
  var place: String { "\(mode) at \(plain(module.description))" }
}
