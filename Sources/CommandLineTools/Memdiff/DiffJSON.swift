import Format

extension TableDiff {
  /// The object that `memdiff --json` prints, its keys in a fixed order.
  var json: JSONNode {
    [
      "base": .string(hasSameBase ? "same" : "different"),
      "added": .array(added.map { .string($0.name) }), "removed": .array(removed.map { .string($0.name) }),
      "changed": .array(changed.map(\.json)), "unchanged": .int(unchanged),
    ]
  }
}

extension TableDiff.Change {
  /// Boundary and hardness are those of the first row; prompt, target and alpha stand there only when they differ.
  fileprivate var json: JSONNode {
    var members: [(String, JSONNode)] = [
      ("name", .string(old.name)),
      ("key_cosine", keyCosine.map(JSONNode.double) ?? .null),
      ("delta_norm_ratio", deltaNormRatio.map(JSONNode.double) ?? .null),
      ("boundary", pair { float($0.rows.first?.boundary) }),
      ("hardness", pair { float($0.rows.first?.hardness) }),
      (
        "moved",
        moved.map { ["from": .string($0.from.description), "to": .string($0.to.description)] } ?? .null
      ),
      ("rows", pair { .int($0.rows.count) }),
    ]
    if ByteString(old.prompt) != ByteString(new.prompt) {
      members.append(("prompt", pair { .string($0.prompt) }))
    }
    if ByteString(old.target) != ByteString(new.target) {
      members.append(("target", pair { .string($0.target) }))
    }
    if old.rows.first?.alpha != new.rows.first?.alpha {
      members.append(("alpha", pair { float($0.rows.first?.alpha) }))
    }
    return .object(members)
  }

  private func pair(_ value: (Memory) -> JSONNode) -> JSONNode { [value(old), value(new)] }

  private func float(_ value: Float?) -> JSONNode { value.map(JSONNode.float) ?? .null }
}
