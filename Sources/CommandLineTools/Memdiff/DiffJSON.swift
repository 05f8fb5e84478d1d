import Format

extension TableDiff {
  /// The object that `memdiff --json` prints, its keys in a fixed order.
  var json: JSONNode {
    [
      "base": .string(hasSameBase ? "same" : "different"),
      "added": .array(added.map { .string($0.name) }), "removed": .array(removed.map { .string($0.name) }),
      "changed": .array(changed.map(\.json)), "unchanged": .int(unchanged),
      "renamed": .array(renamed.map { ["from": .string($0.old.name), "to": .string($0.new.name)] }),
      "moved": .array(changed.filter(\.isMoved).map { .string($0.new.name) }),
      "base_changed": .array(base.map { .string($0.name.description) }),
      "base_tensors": .array(base.map(\.json)),
    ]
  }
}

extension MemoryChange {
  /// The object of a changed memory: boundary and hardness of the first row; prompt, target and alpha if they differ.
  fileprivate var json: JSONNode {
    var members: [(String, JSONNode)] = [
      ("name", .string(old.name)),
      ("key_cosine", number(keyCosine)),
      ("delta_norm_ratio", number(deltaNormRatio)),
      ("boundary", pair { float($0.rows.first?.boundary) }),
      ("hardness", pair { float($0.rows.first?.hardness) }),
      ("moved", moved),
      ("rows", pair { .int($0.rows.count) }),
      ("delta_cosine", number(deltaCosine)),
      ("delta_norm", [.double(deltaNorms.old), .double(deltaNorms.new)]),
    ]
    if !hasSamePrompt { members.append(("prompt", pair { .string($0.prompt) })) }
    if ByteString(old.target) != ByteString(new.target) {
      members.append(("target", pair { .string($0.target) }))
    }
    if old.rows.first?.alpha != new.rows.first?.alpha {
      members.append(("alpha", pair { float($0.rows.first?.alpha) }))
    }
    members.append(("row_changes", .array(rowChanges)))
    members.append(("words", .array(statements.map(JSONNode.string))))
    return .object(members)
  }

  /// The module that the memory was and is at; null where it stayed. `token` is there where the token differs.
  private var moved: JSONNode {
    guard isMoved else { return .null }
    let module = movedModule ?? old.rows.first.map { ($0.module, $0.module) }
    var members: [(String, JSONNode)] = [
      ("from", module.map { .string($0.from.description) } ?? .null),
      ("to", module.map { .string($0.to.description) } ?? .null),
    ]
    if let token = movedToken { members.append(("token", [.string(token.from), .string(token.to)])) }
    return .object(members)
  }

  /// The paired rows that differ in the tables.
  private var rowChanges: [JSONNode] {
    pairs.enumerated().filter { !$1.actsTheSame }.map { i, row in
      var members: [(String, JSONNode)] = [
        ("row", .int(i)),
        ("module", [.string(row.old.module.description), .string(row.new.module.description)]),
        ("position", [.int(row.old.position), .int(row.new.position)]),
        ("key_cosine", number(row.keyCosine)), ("delta_cosine", number(row.deltaCosine)),
        ("delta_norm", [.double(row.old.deltaNorm), .double(row.new.deltaNorm)]),
        ("boundary", [.float(row.old.boundary), .float(row.new.boundary)]),
        ("hardness", [.float(row.old.hardness), .float(row.new.hardness)]),
      ]
      if row.old.cues != row.new.cues { members.append(("cues", .array(row.cueChanges.map(\.json)))) }
      return .object(members)
    }
  }

  private func pair(_ value: (Memory) -> JSONNode) -> JSONNode { [value(old), value(new)] }
}

extension CueChange {
  /// The object of a cue: null on the side that lacks it.
  fileprivate var json: JSONNode {
    func pair(_ value: (MemoryCue) -> JSONNode) -> JSONNode { [old.map(value) ?? .null, new.map(value) ?? .null] }
    return [
      "change": .string(kind.rawValue), "mode": pair { .string("\($0.mode)") },
      "module": pair { .string($0.module.description) }, "key_cosine": number(keyCosine),
      "boundary": pair { .float($0.boundary) }, "hardness": pair { .float($0.hardness) },
    ]
  }
}

extension TensorChange {
  /// The object of a tensor: a layout is null on the side that lacks it, `differing` where the layouts differ.
  fileprivate var json: JSONNode {
    func layout(_ layout: Layout?) -> JSONNode {
      guard let layout else { return .null }
      return ["dtype": .string(layout.dtype.rawValue), "shape": .array(layout.shape.map(JSONNode.int))]
    }
    return [
      "name": .string(name.description), "old": layout(old), "new": layout(new),
      "differing": differing.map(JSONNode.int) ?? .null,
    ]
  }
}

private func number(_ value: Double?) -> JSONNode { value.map(JSONNode.double) ?? .null }
private func float(_ value: Float?) -> JSONNode { value.map(JSONNode.float) ?? .null }
