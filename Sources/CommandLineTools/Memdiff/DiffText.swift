import Format
import Foundation

extension TableDiff {
  /// One aligned line a memory that is not the same: `+` added, `-` removed, `~` changed.
  var lines: [String] {
    let rows =
      removed.map { ("-", $0.name, placed($0)) } + changed.map { ("~", $0.old.name, $0.description) }
      + added.map { ("+", $0.name, placed($0)) }
    let names = rows.map { $0.1.printable(limit: .max) }
    let width = names.map(\.columns).max() ?? 0
    return zip(rows, names).map { row, name in "\(row.0) \(name.padded(to: width))  \(row.2)" }
  }

  /// The counts on one line.
  var summary: String {
    "base \(hasSameBase ? "same" : "different"), \(added.count) added, \(removed.count) removed, "
      + "\(changed.count) changed, \(unchanged) unchanged"
  }

  private func placed(_ memory: Memory) -> String {
    let modules = summed(memory.rows.map { "\($0.module)".printable(limit: .max) })
    return "\(promptAndTarget(memory))  \(modules)"
  }
}

extension TableDiff.Change {
  /// What is not the same, the most telling first: `boundary 0.25 → 0.3, key cosine 0.9871`.
  fileprivate var description: String {
    var parts: [String] = []
    func add(_ what: String, _ value: (Memory) -> String) {
      let (a, b) = (value(old), value(new))
      if ByteString(a) != ByteString(b) { parts.append("\(what) \(a) → \(b)") }
    }
    add("prompt") { quoted($0.prompt) }
    add("target") { quoted($0.target) }
    add("target ids") { "\($0.targetIDs)" }
    add("rows") { "\($0.rows.count)" }
    add("module") { summed($0.rows.map { "\($0.module)".printable(limit: .max) }) }
    add("alpha") { summed($0.rows.map { "\($0.alpha)" }) }
    add("boundary") { summed($0.rows.map { "\($0.boundary)" }) }
    add("hardness") { summed($0.rows.map { "\($0.hardness)" }) }
    if old.rows.map(\.key) != new.rows.map(\.key) {
      parts.append("key cosine \(keyCosine.map { short($0) } ?? "undefined")")
    }
    if old.rows.map(\.delta) != new.rows.map(\.delta) {
      parts.append("delta × \(deltaNormRatio.map { short($0) } ?? "undefined")")
    }
    add("tokens") { "\($0.rows.map(\.position))" }
    add("row targets") { "\($0.rows.map(\.targetID))" }
    return parts.joined(separator: ", ")
  }
}

/// The line that `memdiff --show` prints for a memory. Nothing in it depends on other memories or on the file's place,
/// so that the lines of two versions differ where the memories do.
func memoryLine(_ memory: Memory) -> String {
  let rows = memory.rows
  let fields = [
    ("method", memory.method), ("site", memory.site), ("layer", "\(memory.layer)"), ("token", memory.token),
    ("alpha", summed(rows.map { "\($0.alpha)" })), ("boundary", summed(rows.map { "\($0.boundary)" })),
    ("hardness", summed(rows.map { "\($0.hardness)" })), ("rows", "\(rows.count)"),
    ("module", summed(rows.map { $0.module.description })),
    ("‖key‖", summed(rows.map { short($0.keyNorm) })),
    ("‖delta‖", summed(rows.map { short($0.deltaNorm) })),
  ]
  let list = fields.map { "\($0)=\($1.printable(limit: .max))" }.joined(separator: " ")
  return "\(memory.name.printable(limit: .max))  \(promptAndTarget(memory))  \(list)"
}

private func promptAndTarget(_ memory: Memory) -> String {
  "\(quoted(memory.prompt)) → \(quoted(memory.target))"
}

private func quoted(_ text: String) -> String { "\"\(text.printable(limit: .max))\"" }

/// The values of all rows, one where they are all the same.
private func summed(_ values: [String]) -> String {
  guard let first = values.first else { return "none" }
  return values.allSatisfy { $0 == first } ? first : values.joined(separator: ",")
}

/// Six significant digits: enough to tell versions apart, too few for the last bits of a sum to show.
private func short(_ value: Double) -> String { String(format: "%.6g", value) }
