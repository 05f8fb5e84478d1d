import Kernels

/// The rows of a batch as a mixture of experts computes them: one slot per row and chosen expert, expert by expert.
///
/// A slot's bits depend on its own row and expert alone, so that it does not matter which rows share an expert.
final class ExpertRows {
  let shape: MixtureShape
  /// The router's probabilities [R, E].
  let probabilities: FloatMatrix
  /// The factors of the chosen experts' outputs [R, K].
  let weights: FloatMatrix
  /// The experts that each row goes through, the likeliest first, [R, K].
  let choices: UnsafeMutablePointer<Int>
  /// The slot of each row's choice [R, K], and the row and choice of each slot.
  let slots: UnsafeMutablePointer<Int>
  let places: UnsafeMutablePointer<Int>
  /// The experts' inputs [slots, C], later their outputs.
  let values: FloatMatrix
  /// Gate and up [slots, 2 F], later the activation in the place of the gate.
  let hidden: FloatMatrix
  /// For the expert that all rows go through: gate and up [R, 2 S], its output [R, C], and the factor of it [R, 1].
  let sharedHidden: FloatMatrix
  let shared: FloatMatrix
  let sharedWeight: FloatMatrix
  /// The rows in use.
  private(set) var rows = 0
  /// The experts that any row goes through, in their order, and the first slot of each, then the number of slots.
  private(set) var active: [Int] = []
  private(set) var starts: [Int] = []
  private var next: [Int]

  /// - Parameter width: C, of the residual stream.
  init(rows: Int, width: Int, shape: MixtureShape) {
    self.shape = shape
    probabilities = FloatMatrix(rows, shape.experts)
    weights = FloatMatrix(rows, shape.chosen)
    let count = rows * shape.chosen
    (choices, slots, places) = (.allocate(capacity: count), .allocate(capacity: count), .allocate(capacity: count))
    values = FloatMatrix(count, width)
    hidden = FloatMatrix(count, 2 * shape.width)
    let sharedRows = shape.sharedWidth == nil ? 0 : rows
    sharedHidden = FloatMatrix(sharedRows, 2 * (shape.sharedWidth ?? 0))
    shared = FloatMatrix(sharedRows, width)
    sharedWeight = FloatMatrix(sharedRows, 1)
    next = [Int](repeating: 0, count: shape.experts)
    active.reserveCapacity(shape.experts)
    starts.reserveCapacity(shape.experts + 1)
  }

  deinit { for memory in [choices, slots, places] { memory.deallocate() } }

  /// The number of slots in use.
  var count: Int { rows * shape.chosen }

  /// The slots of the active expert `index`.
  func slots(ofActive index: Int) -> Range<Int> { starts[index]..<starts[index + 1] }

  /// The row of a slot.
  func row(ofSlot slot: Int) -> Int { places[slot] / shape.chosen }

  /// The weight of a slot's output.
  func weight(ofSlot slot: Int) -> Float { weights.values[places[slot]] }

  /// Gives the slots to the choices of the first `rows` rows.
  func group(rows: Int) {
    self.rows = rows
    for expert in next.indices { next[expert] = 0 }
    for place in 0..<count { next[choices[place]] += 1 }
    active.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    var start = 0
    for expert in next.indices {
      let size = next[expert]
      next[expert] = start
      guard size > 0 else { continue }
      active.append(expert)
      starts.append(start)
      start += size
    }
    starts.append(start)
    for place in 0..<count {
      let slot = next[choices[place]]
      next[choices[place]] += 1
      slots[place] = slot
      places[slot] = place
    }
  }
}
