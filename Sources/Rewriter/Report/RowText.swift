import Format
import Runtime

extension MemoryRow {
  /// A row in one line of text.
  var summary: String {
    "row for token \(targetID) at position \(position): alpha \(short(alpha)), boundary \(short(boundary)), hardness "
      + "\(short(hardness)), |key| \(short(Float(keyNorm))), |delta| \(short(Float(deltaNorm)))"
  }

  /// The |1 − similarity| beyond which the row adds nothing.
  var reach: Float { Float(MemoryRegion.reach(boundary: boundary, hardness: hardness)) }
}
