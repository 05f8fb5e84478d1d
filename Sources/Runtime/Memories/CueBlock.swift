import Format
import Kernels

/// A cue as a row asks for it: its index in the set, and how it is read.
struct CueGate: Hashable {
  var cue: Int
  var mode: MemoryCue.Mode
}

/// The cues that are watched at one address.
final class CueBlock {
  private var seen: RegionTable
  private var here: RegionTable
  /// The cues of both tables, as indices in the set.
  private var seenCues: [Int] = []
  private var hereCues: [Int] = []
  /// Per cue of `here`: what each row that asks for it asks for besides and up to here; no row can act where none of
  /// these lists is present as a whole.
  private var conditions: [[[CueGate]]] = []

  init(width: Int) {
    seen = RegionTable(width: width)
    here = RegionTable(width: width)
  }

  /// - Parameter conditions: for `here`, each list once.
  func append(_ cue: MemoryCue, index: Int, conditions: [[CueGate]]) {
    switch cue.mode {
    case .seen:
      seen.append(MemoryRegion(cue), key: cue.key)
      seenCues.append(index)
    case .here:
      here.append(MemoryRegion(cue), key: cue.key)
      hereCues.append(index)
      self.conditions.append(conditions)
    }
  }

  /// Looks for the cues at `activations` [R, D], the tokens from `position` on, which no memory has changed.
  ///
  /// - Parameter everywhere: whether `here` is looked for at every token and kept, not only where a row could act, for
  ///   the pass that is under way.
  func watch(
    _ activations: kernel_rows, count: Int, position: Int, presence: CuePresence, everywhere: Bool,
    scratch: inout [Float], pool: WorkerPool?
  ) {
    guard count > 0 else { return }
    for cue in seenCues { presence.forget(cue, from: position) }
    seen.forEachInside(activations, count: count, scratch: &scratch, pool: pool) { activation, index, _, strength in
      presence.note(seenCues[index], .seen, at: position + activation, strength: strength)
    }
    for index in hereCues.indices {
      presence.forget(hereCues[index], from: everywhere ? position : 0)
      guard everywhere || couldAct(index, at: position + count - 1, presence, modes: .seen) else { continue }
      for row in 0..<count where everywhere || couldAct(index, at: position + row, presence, modes: nil) {
        let similarity = here.similarity(of: activations.values + row * activations.stride, to: index)
        let strength = here.regions[index].strength(similarity: similarity)
        if strength > 0 { presence.note(hereCues[index], .here, at: position + row, strength: strength) }
      }
    }
  }

  /// Whether all that some row asks for besides is present at a token.
  ///
  /// - Parameter modes: the only mode that is looked at; nil for both.
  private func couldAct(
    _ index: Int, at position: Int, _ presence: CuePresence, modes mode: MemoryCue.Mode?
  ) -> Bool {
    conditions[index].contains { gates in
      gates.allSatisfy {
        (mode != nil && $0.mode != mode) || presence.isPresent($0.cue, $0.mode, at: position)
      }
    }
  }
}
