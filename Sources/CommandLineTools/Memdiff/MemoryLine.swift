import Format
import Foundation

/// The line that `memdiff --show` prints for a memory. It depends on the memory alone, not on others or on the path, so
/// that the lines of two versions differ exactly where the memories do, down to a byte of their rows.
func memoryLine(_ memory: Memory) -> String {
  let rows = memory.rows
  var fields = [
    ("method", memory.method), ("site", memory.site), ("layer", "\(memory.layer)"), ("token", memory.token),
    ("alpha", summed(rows.map { "\($0.alpha)" })), ("boundary", summed(rows.map { "\($0.boundary)" })),
    ("hardness", summed(rows.map { "\($0.hardness)" })), ("rows", "\(rows.count)"),
    ("module", summed(rows.map { $0.module.description })),
    ("‖key‖", summed(rows.map { sixDigits($0.keyNorm) })),
    ("‖delta‖", summed(rows.map { sixDigits($0.deltaNorm) })),
  ]
  if rows.contains(where: { !$0.cues.isEmpty }) { fields.append(("cues", summed(rows.map(cues(of:))))) }
  let dtypes = Set(rows.flatMap { [$0.storedKey, $0.storedDelta] + $0.cues.map(\.storedKey) }.map(\.dtype))
  if dtypes.contains(.bf16) { fields.append(("table", dtypes.count > 1 ? "bf16+f32" : "bf16")) }
  fields.append(("sha256", fingerprint(rows)))
  let list = fields.map { "\($0)=\(plain($1))" }.joined(separator: " ")
  return "\(plain(memory.name))  \(promptAndTarget(memory))  \(list)"
}

/// The fact that a memory states: `"The capital city of Nepal is located in" → " Kathmandu"`.
func promptAndTarget(_ memory: Memory) -> String { "\"\(plain(memory.prompt))\" → \"\(plain(memory.target))\"" }

/// The values of all rows, or the one that they share.
private func summed(_ values: [String]) -> String {
  guard let first = values.first else { return "none" }
  return values.allSatisfy { $0 == first } ? first : values.joined(separator: ",")
}

/// The cues of a row, each with its module, boundary and hardness.
private func cues(of row: MemoryRow) -> String {
  guard !row.cues.isEmpty else { return "none" }
  return row.cues.map { "\($0.mode)(\($0.module),\($0.boundary),\($0.hardness))" }.joined(separator: "+")
}

/// A number with six significant digits: the last bits of a sum are no news.
private func sixDigits(_ value: Double) -> String { String(format: "%.6g", value) }

/// The first 12 digits of the SHA-256 of the rows' keys, deltas and bounds, and of their cues.
private func fingerprint(_ rows: [MemoryRow]) -> String {
  func bytes(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
  }
  let bytes = rows.flatMap { row in
    bytes(row.key + row.delta + [row.boundary, row.hardness])
      + row.cues.flatMap { Array("\($0.mode) \($0.module)\n".utf8) + bytes($0.key + [$0.boundary, $0.hardness]) }
  }
  return String(SHA256.hex(bytes).prefix(12))
}
