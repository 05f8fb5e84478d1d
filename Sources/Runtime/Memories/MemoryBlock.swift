import Format
import Kernels

/// The rows of one address.
///
/// Where they act, an activation a becomes a' = a + Σ sᵢ Δᵢ, sᵢ being the strengths of the rows at the unmodified a: of
/// those that act by their own key alone those of their regions (`MemoryRegion`), which are added first, of the others as
/// `GatedRows` says.
package final class MemoryBlock {
  let width: Int
  let address: SiteAddress
  /// The name of the memory of each row that acts by its own key alone.
  private(set) var names: [String] = []
  private let table: RegionTable
  private let deltas: VectorStore
  /// The rows that ask for cues; nil where there are none.
  private(set) var gated: GatedRows?

  init(address: SiteAddress, width: Int) {
    self.address = address
    self.width = width
    table = RegionTable(width: width)
    deltas = VectorStore(width: width)
  }

  /// - Parameter gates: the row's cues.
  func append(_ row: MemoryRow, of name: String, asking gates: [CueGate] = []) {
    guard gates.isEmpty else {
      if gated == nil { gated = GatedRows(width: width) }
      gated?.append(row, of: name, asking: gates)
      return
    }
    names.append(name)
    table.append(MemoryRegion(row), key: row.storedKey)
    deltas.append(row.storedDelta)
  }

  /// Adds the deltas of the rows that act by their own key alone on each of `activations` [R, D], and calls `fired` with
  /// each firing.
  func apply(
    _ activations: kernel_rows, count activationCount: Int, buffers: inout RegionTable.Buffers, pool: WorkerPool?,
    _ fired: (_ activation: Int, _ row: Int, _ similarity: Float, _ strength: Float) -> Void
  ) {
    table.forEachInside(activations, count: activationCount, buffers: &buffers, pool: pool) {
      activation, row, similarity, strength in
      deltas.addScaled(row, strength, to: activations.values + activation * activations.stride)
      fired(activation, row, similarity, strength)
    }
  }

  /// Adds the deltas of the rows that act by their own key alone on `activation` [D].
  package func apply(_ activation: UnsafeMutablePointer<Float>) {
    var buffers = RegionTable.Buffers()
    apply(kernel_rows(values: activation, stride: width), count: 1, buffers: &buffers, pool: nil) { _, _, _, _ in }
  }

  /// The index of the first activation, within `rows` of a matrix [R, D], that any row acts on.
  ///
  /// - Parameters:
  ///   - presence: what is present of the cues before this address; needed where rows ask for cues.
  ///   - position: of the token of the first of `rows`, in the sequence that `presence` is about.
  package func firstFiring(
    _ activations: FloatMatrix, rows: Range<Int>, presence: CuePresence? = nil, position: Int = 0
  ) -> Int? {
    var buffers = RegionTable.Buffers()
    var first: Int?
    let x = activations.kernelRows(from: rows.lowerBound)
    table.forEachInside(x, count: rows.count, buffers: &buffers, pool: nil) { activation, _, _, _ in
      if first == nil { first = activation }
    }
    if let gated {
      guard let presence else { preconditionFailure("rows that ask for cues act by their presence") }
      var found = GatedRows.Buffers()
      gated.search(x, count: rows.count, position: position, presence: presence, into: &found)
      if let event = found.events.first { first = min(first ?? event.activation, event.activation) }
    }
    return first.map { rows.lowerBound + $0 }
  }

  /// The backward of what the rows do: turns ∂L/∂a' in `gradient` [D] into ∂L/∂a, a being the unmodified activation of a
  /// token.
  ///
  /// The presence of cues counts as a constant. So where rows that ask for cues act, no gradient flows from them to the
  /// earlier sites and tokens that their cues watch; all other gradients are exact.
  ///
  /// - Parameters:
  ///   - position: of the token in its sequence.
  ///   - presence: as the forward pass left it; needed where rows ask for cues.
  func backward(
    _ activation: UnsafeMutablePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, position: Int = 0,
    presence: CuePresence? = nil
  ) {
    let incoming = Array(UnsafeBufferPointer(start: gradient, count: width))
    var buffers = RegionTable.Buffers()
    let x = kernel_rows(values: activation, stride: width)
    table.forEachInside(x, count: 1, buffers: &buffers, pool: nil) { _, row, similarity, strength in
      let along = deltas.product(incoming, row)
      table.addSlope(of: row, similarity: similarity, strength: strength, times: along, to: gradient)
    }
    guard let gated else { return }
    guard let presence else { preconditionFailure("rows that ask for cues act by their presence") }
    gated.backward(x, gradient, incoming: incoming, position: position, presence: presence)
  }
}
