import Format

/// A diff as text for people.
struct DiffText {
  /// The width of the terminal; 0 where output is no terminal and lines are not broken.
  var columns: Int
  var paint: Paint
  /// Whether memories stand under what they are about, in the order of the subjects.
  var bySubject = false

  /// The number of base tensors that are listed; the rest is counted.
  private static let tensorLimit = 10
  /// The width of the column of names; a wider name moves its own line alone.
  private static let nameLimit = 56
  /// The least width that text is broken to.
  private static let narrowest = 30

  /// A tensor or memory, and the statements about it, one per line.
  private struct Entry {
    var sign: String
    var color: Color
    var name: String
    var statements: [String]
    var subject: String?
  }

  /// The base tensors, the memories, and the counts as the last line.
  func text(_ diff: TableDiff) -> String {
    var lines: [String] = []
    if !diff.base.isEmpty {
      lines.append("base tensors:")
      lines += aligned(diff.base.prefix(Self.tensorLimit).map(entry))
      let rest = diff.base.count - Self.tensorLimit
      if rest > 0 { lines.append("  … and \(rest) more") }
    }
    func listed(_ sign: String, _ color: Color, _ memory: Memory, _ statements: [String]) -> Entry {
      Entry(sign: sign, color: color, name: plain(memory.name), statements: statements, subject: memory.subject)
    }
    let memories =
      diff.removed.map { listed("-", .red, $0, [summary(of: $0)]) }
      + diff.renamed.map { listed("=", .cyan, $0.new, $0.statements) }
      + diff.changed.map { listed("~", .yellow, $0.old, $0.statements) }
      + diff.added.map { listed("+", .green, $0, [summary(of: $0)]) }
    if !diff.base.isEmpty, !memories.isEmpty, !bySubject { lines.append("memories:") }
    lines += bySubject ? grouped(memories) : aligned(memories)
    return (lines + [diff.summary]).map { $0 + "\n" }.joined()
  }

  /// The memories under their subjects, those without one last.
  private func grouped(_ entries: [Entry]) -> [String] {
    let groups = Dictionary(grouping: entries) { ByteString($0.subject ?? "") }
    return groups.keys.sorted { ($0.bytes.isEmpty ? 1 : 0, $0) < ($1.bytes.isEmpty ? 1 : 0, $1) }.flatMap { subject in
      ["\(subject.bytes.isEmpty ? "without a subject" : plain(subject.description)):"]
        + aligned(groups[subject] ?? []).map { "  " + $0 }
    }
  }

  private func aligned(_ entries: [Entry]) -> [String] {
    let width = min(Self.nameLimit, entries.map(\.name.columns).max() ?? 0)
    let indent = String(repeating: " ", count: width + 4)
    return entries.flatMap { entry in
      let name = entry.name.padded(to: width)
      let body = entry.statements.flatMap { statement in
        columns > 0 ? wrapped(statement, columns: max(Self.narrowest, columns - indent.count)) : [statement]
      }
      let head = paint("\(entry.sign) \(name)", entry.color)
      return ["\(head)  \(body.first ?? "")"] + body.dropFirst().map { indent + $0 }
    }
  }

  private func entry(_ change: TensorChange) -> Entry {
    let name = plain(change.name.description)
    func layout(_ layout: TensorChange.Layout) -> String { "\(layout.dtype.rawValue) \(layout.shape)" }
    switch (change.old, change.new) {
    case (let old?, let new?) where old != new:
      return Entry(sign: "~", color: .yellow, name: name, statements: ["\(layout(old)) → \(layout(new))"])
    case (let old?, nil): return Entry(sign: "-", color: .red, name: name, statements: [layout(old)])
    case (nil, let new?): return Entry(sign: "+", color: .green, name: name, statements: [layout(new)])
    default:
      let count = change.new.map { " of \($0.unitCount) \($0.unit)" } ?? ""
      return Entry(
        sign: "~", color: .yellow, name: name, statements: ["\(change.differing ?? 0)\(count) differ"])
    }
  }

  private func summary(of memory: Memory) -> String {
    var modules: [ByteString] = []
    for row in memory.rows where !modules.contains(row.module) { modules.append(row.module) }
    let list = modules.map { plain($0.description) }.joined(separator: ", ")
    let count = memory.rows.count == 1 ? "" : " (\(memory.rows.count) rows)"
    // Memories of a file without a manifest have neither.
    let what = memory.prompt.isEmpty && memory.target.isEmpty ? "" : promptAndTarget(memory) + "  "
    var cues: [String] = []
    for cue in memory.rows.flatMap(\.cues) where !cues.contains(cue.place) { cues.append(cue.place) }
    let asked = cues.isEmpty ? "" : ", asks for \(cues.joined(separator: ", "))"
    return "\(what)\(list)\(count)\(asked)"
  }
}

extension TableDiff {
  /// The counts, on one line.
  var summary: String {
    let moved = changed.count(where: \.isMoved)
    let tensors = "\(base.count) tensor\(base.count == 1 ? "" : "s")"
    return "base \(hasSameBase ? "same" : "different (\(tensors))"), \(added.count) added, \(removed.count) removed, "
      + "\(renamed.count) renamed, \(changed.count) changed\(moved > 0 ? " (\(moved) moved)" : ""), "
      + "\(unchanged) unchanged"
  }
}
