import Format
import Kernels

/// A cue as a row asks for it: its index in the set, and how it is read.
struct CueGate: Hashable {
  var cue: Int
  var mode: MemoryCue.Mode
}

/// The cues that are watched at one address.
final class CueBlock {
  private let seen: RegionTable
  private let here: RegionTable
  /// The cues of both tables, as indices in the set.
  private var seenCues: [Int] = []
  private var hereCues: [Int] = []
  /// Per cue of `here`: what each row that asks for it asks for besides and up to here; no row can act where none of
  /// these lists is present as a whole.
  private var conditions: [[[CueGate]]] = []
  /// The places in `hereCues` by the first cue of each of their conditions.
  private var openedBy = CueLists()

  /// What watching uses again and again.
  struct Buffers {
    var search = RegionTable.Buffers()
    fileprivate var open: [Int] = []
  }

  init(width: Int) {
    seen = RegionTable(width: width)
    here = RegionTable(width: width)
  }

  /// - Parameter conditions: for `here`, each list once.
  func append(_ cue: MemoryCue, index: Int, conditions: [[CueGate]]) {
    switch cue.mode {
    case .seen:
      seen.append(MemoryRegion(cue), key: cue.storedKey)
      seenCues.append(index)
    case .here:
      here.append(MemoryRegion(cue), key: cue.storedKey)
      for gates in conditions { openedBy.append(hereCues.count, to: gates.first?.cue) }
      hereCues.append(index)
      self.conditions.append(conditions)
    }
  }

  /// Looks for the cues of mode `seen` at `activations` [R, D], which no memory has changed, and calls `found` with those
  /// present, token by token.
  func watchSeen(
    _ activations: kernel_rows, count: Int, buffers: inout Buffers, pool: WorkerPool?,
    _ found: (_ token: Int, _ cue: Int, _ strength: Float) -> Void
  ) {
    seen.forEachInside(activations, count: count, buffers: &buffers.search, pool: pool) { token, index, _, strength in
      found(token, seenCues[index], strength)
    }
  }

  /// Notes the cues of mode `here` at `activations` [R, D], the tokens from `position` on of one sequence, whose cues of
  /// mode `seen` have been noted.
  ///
  /// - Parameter everywhere: whether they are looked for at every token, not only where a row could act.
  func watchHere(
    _ activations: kernel_rows, count: Int, position: Int, presence: CuePresence, everywhere: Bool,
    buffers: inout Buffers
  ) {
    guard count > 0, !hereCues.isEmpty else { return }
    if everywhere {
      buffers.open.removeAll(keepingCapacity: true)
      buffers.open += hereCues.indices
    } else {
      openedBy.collect(presence, into: &buffers.open)
    }
    for index in buffers.open {
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
