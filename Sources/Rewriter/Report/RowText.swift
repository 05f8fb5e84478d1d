import Format
import Runtime

extension MemoryRow {
  /// What tables say of a row.
  var summary: String {
    "row for token \(targetID) at position \(position): alpha \(short(alpha)), boundary \(short(boundary)), hardness "
      + "\(short(hardness)), |key| \(short(Float(keyNorm))), |delta| \(short(Float(deltaNorm)))"
  }

  /// |1 − similarity| beyond which the row adds nothing.
  var reach: Float { Float(MemoryRegion.reach(boundary: boundary, hardness: hardness)) }
}
