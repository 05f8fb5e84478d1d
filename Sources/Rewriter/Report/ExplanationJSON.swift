import Format
import Runtime

extension Explanation {
  /// An object with the memory, its rows and the prompts.
  public var json: JSONNode {
    [
      "name": .string(memory.name), "prompt": .string(memory.prompt), "target": .string(memory.target),
      "target_ids": .array(memory.targetIDs.map(JSONNode.int)), "method": .string(memory.method),
      "site": .string(memory.site), "layer": .int(memory.layer), "token": .string(memory.token),
      "rows": .array(
        memory.rows.map { row in
          let node: JSONNode = [
            "module": .string(row.module.description), "position": .int(row.position), "target_id": .int(row.targetID),
            "alpha": .float(row.alpha), "boundary": .float(row.boundary), "hardness": .float(row.hardness),
            "reach": .float(row.reach), "key_norm": .float(Float(row.keyNorm)),
            "delta_norm": .float(Float(row.deltaNorm)),
          ]
          return node.adding(row.cueMembers)
        }), "scores": memory.scores, "prompts": .array(cases.map(node)),
    ]
  }

  private func node(_ item: Case) -> JSONNode {
    func answer(_ answer: Answer) -> JSONNode {
      [
        "text": .string(answer.text), "target": .bool(answer.isTarget),
        "target_logprob": answer.targetLogprob.map(JSONNode.float) ?? .null,
      ]
    }
    let node: JSONNode = [
      "prompt": .string(item.prompt), "role": item.role.map { .string($0.rawValue) } ?? .null,
      "nearest": [
        "row": .int(item.nearest.row), "token": .int(item.nearest.token), "text": .string(item.nearest.tokenText),
        "similarity": .float(item.nearest.similarity), "margin": .float(item.nearest.margin),
        "strength": .float(item.nearest.strength),
      ],
      "fired": .bool(!item.firings.isEmpty),
      "firings": .array(
        item.firings.map {
          [
            "token": .int($0.position), "similarity": .float($0.similarity), "strength": .float($0.strength),
          ]
        }),
      "others": .array(item.others.map(JSONNode.string)), "without": answer(item.without), "with": answer(item.with),
    ]
    return node.adding(item.regions?.members ?? [])
  }
}
