import Format
import Runtime

extension RewriteResult {
  /// An object with each memory and its prompts, the crossings as `"conflicts"`, the contradictions, the totals and the costs.
  ///
  /// `"timings"` has milliseconds per stage (`"locate_ms"` and so on), `"operations"` the floating-point operations of
  /// products with weights, both summed over the memories; stages that were not needed are left out.
  public var json: JSONNode {
    let memories = compiled.indices.map { memory($0) }
    func total(_ positive: Bool, _ heldOut: Bool) -> JSONNode {
      let (holding, count) = count(positive: positive, heldOut: heldOut)
      return ["holding": .int(holding), "of": .int(count)]
    }
    let silent = silentPrompts
    return [
      "memories": .array(memories),
      "conflicts": .array(
        link.crossings.map { ["memory": .string($0.memory), "acts_on_prompt_of": .string($0.prompt)] }),
      "contradictions": .array(
        contradictions.map {
          [
            "memory": .string($0.memory), "prompt": .string($0.prompt),
            $0.isSaid ? "answered_with_target_of" : "acted_on_by": .string($0.other), "target": .string($0.target),
          ]
        }),
      "left_out": .array(failures.map { ["memory": .string($0.name), "problem": .string($0.problem)] }),
      "warnings": .array(warnings.map(JSONNode.string)), "table": .string(table.rawValue.lowercased()),
      "unrounded": .array(unrounded.map(JSONNode.string)),
      "totals": [
        "memories": .int(compiled.count), "key_prompts_holding": .int(results.count(where: \.keyHolds)),
        "positives": total(true, false), "negatives": total(false, false),
        "held_out_positives": total(true, true),
        "held_out_negatives": total(false, true), "silent_prompts": .int(silent.count),
        "silent_prompts_bit_identical": .int(silent.count(where: \.isIdentical)),
      ],
      "timings": .object(
        Stage.allCases.compactMap { pass in
          costs[pass].map { ("\(pass.rawValue)_ms", .double($0.duration / .milliseconds(1))) }
        }),
      "operations": .object(
        Stage.allCases.compactMap { pass in costs[pass].map { (pass.rawValue, .int($0.operations)) } }),
    ]
  }

  private func memory(_ index: Int) -> JSONNode {
    let memory = compiled[index]
    let first = memory.rows.first
    var members: [(String, JSONNode)] = [
      ("name", .string(memory.spec.name)), ("method", .string(memory.spec.method.rawValue)),
      ("site", .string(memory.address.site.rawValue)), ("layer", .int(memory.address.layer)),
      ("token", .int(first?.position ?? -1)), ("target_ids", .array(memory.targetIDs.map(JSONNode.int))),
      ("alpha", .float(first?.alpha ?? 0)), ("boundary", .float(first?.boundary ?? 0)),
      ("hardness", .float(first?.hardness ?? 0)), ("reason", .string(memory.reason)),
      ("rows", .array(zip(memory.rows, memory.steps).map(row))),
      (
        "curve",
        .array(
          memory.curve.map {
            [
              "boundary": .float($0.boundary), "positives": .int($0.positives),
              "negatives": .int($0.negatives),
            ]
          })
      ), ("prompts", .array(results[index].prompts.map(prompt))),
    ]
    if let other = memory.otherText {
      members.append(("other_text", ["acts_on": .int(other.fired), "of": .int(other.of)]))
    }
    if let contexts = memory.contexts {
      members.append(
        (
          "contexts",
          [
            "texts": .int(contexts.texts), "tokens": .int(contexts.tokens), "lookalikes": .int(contexts.lookalikes),
            "forward": .int(contexts.forward), "backward": .int(contexts.backward), "kept": .int(contexts.kept),
            "looked": .int(contexts.looked),
          ]
        ))
    }
    if index < maps.count { members.append(("map", .array(maps[index].map(trial)))) }
    return .object(members)
  }

  private func row(_ row: MemoryRow, steps: Int) -> JSONNode {
    let node: JSONNode = [
      "module": .string(row.module.description), "position": .int(row.position),
      "target_id": .int(row.targetID),
      "alpha": .float(row.alpha), "boundary": .float(row.boundary), "hardness": .float(row.hardness),
      "key_norm": .float(Float(row.keyNorm)), "delta_norm": .float(Float(row.deltaNorm)), "steps": .int(steps),
    ]
    return node.adding(row.cueMembers)
  }

  private func prompt(_ result: PromptResult) -> JSONNode {
    let node: JSONNode = [
      "prompt": .string(result.prompt), "role": .string(result.role.rawValue),
      "positive": .bool(result.role.isPositive), "before": .string(result.before),
      "after": .string(result.after),
      "holds": .bool(result.holds), "similarity": .float(result.similarity), "fired": .bool(result.fired),
      "bit_identical": .bool(result.isIdentical),
    ]
    return node.adding(result.regions?.members ?? [])
  }

  private func trial(_ trial: PatchTrial) -> JSONNode {
    [
      "site": .string(trial.address.site.rawValue), "layer": .int(trial.address.layer),
      "token": .int(trial.token),
      "alpha": .float(trial.alpha), "logprob": .float(trial.logprob), "reaches": .bool(trial.reaches),
    ]
  }
}
