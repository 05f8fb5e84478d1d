import Format
import Kernels

/// The rows of one address that ask for cues.
///
/// The strength of a row is that of its region times the presence of each of its cues, in their order, 0 below the
/// floor of strengths. A row is looked at only where all that it asks for is present.
final class GatedRows {
  /// A row acting on a token.
  struct Event {
    var activation: Int
    var row: Int
    var similarity: Float
    var strength: Float
  }

  /// What a search uses again and again.
  struct Buffers {
    var events: [Event] = []
    fileprivate var open: [Int] = []
  }

  private(set) var names: [String] = []
  private let table: RegionTable
  private let deltas: VectorStore
  /// The gates of all rows, and each row's among them.
  private var gates: [CueGate] = []
  private var ranges: [Range<Int>] = []
  /// The rows by their first cue of mode `seen`, or their first of all.
  private var openedBy = CueLists()

  init(width: Int) {
    table = RegionTable(width: width)
    deltas = VectorStore(width: width)
  }

  func append(_ row: MemoryRow, of name: String, asking rowGates: [CueGate]) {
    openedBy.append(names.count, to: (rowGates.first { $0.mode == .seen } ?? rowGates.first)?.cue)
    names.append(name)
    table.append(MemoryRegion(row), key: row.storedKey)
    deltas.append(row.storedDelta)
    ranges.append(gates.count..<(gates.count + rowGates.count))
    gates += rowGates
  }

  /// Leaves in `buffers` how the rows act on `activations` [R, D], the tokens from `position` on: token by token.
  func search(
    _ activations: kernel_rows, count: Int, position: Int, presence: CuePresence, into buffers: inout Buffers
  ) {
    buffers.events.removeAll(keepingCapacity: true)
    guard count > 0 else { return }
    openedBy.collect(presence, into: &buffers.open)
    // What has been seen only grows: a row that is closed at the last token is closed at all.
    buffers.open.removeAll { !isOpen($0, at: position + count - 1, presence, all: count == 1) }
    guard !buffers.open.isEmpty else { return }
    for activation in 0..<count {
      let x = activations.values + activation * activations.stride
      for row in buffers.open where isOpen(row, at: position + activation, presence, all: true) {
        let similarity = table.similarity(of: x, to: row)
        let strength = strength(row, similarity: similarity, at: position + activation, presence)
        guard strength > 0 else { continue }
        buffers.events.append(Event(activation: activation, row: row, similarity: similarity, strength: strength))
      }
    }
  }

  /// Whether a row's `seen` cues, or all its cues, are present at a token.
  private func isOpen(_ row: Int, at position: Int, _ presence: CuePresence, all: Bool) -> Bool {
    for index in ranges[row] where all || gates[index].mode == .seen {
      if !presence.isPresent(gates[index].cue, gates[index].mode, at: position) { return false }
    }
    return true
  }

  private func strength(_ row: Int, similarity: Float, at position: Int, _ presence: CuePresence) -> Float {
    var strength = table.regions[row].strength(similarity: similarity)
    for index in ranges[row] where strength > 0 {
      strength *= presence.mark(gates[index].cue, gates[index].mode, at: position)?.strength ?? 0
    }
    return strength < MemoryRegion.strengthFloor ? 0 : strength
  }

  /// Adds the deltas of what a search found to the activations [R, D].
  func apply(_ events: [Event], to activations: kernel_rows) {
    for event in events {
      deltas.addScaled(event.row, event.strength, to: activations.values + event.activation * activations.stride)
    }
  }

  /// Adds to `gradient` [D] what the rows' own regions make of ∂L/∂a' [D] at one activation, their presence held fixed.
  func backward(
    _ activation: kernel_rows, _ gradient: UnsafeMutablePointer<Float>, incoming: [Float], position: Int,
    presence: CuePresence
  ) {
    var buffers = Buffers()
    search(activation, count: 1, position: position, presence: presence, into: &buffers)
    for event in buffers.events {
      let along = deltas.product(incoming, event.row)
      // The strength has the presence as a factor, and so has its slope.
      table.addSlope(
        of: event.row, similarity: event.similarity, strength: event.strength, times: along, to: gradient)
    }
  }

  /// What each cue of a row contributed at a token, in the row's order.
  func cues(of row: Int, at position: Int, _ presence: CuePresence) -> [Firing.Cue] {
    gates[ranges[row]].compactMap { gate in
      presence.mark(gate.cue, gate.mode, at: position).map {
        Firing.Cue(mode: gate.mode, position: $0.position, strength: $0.strength)
      }
    }
  }
}
