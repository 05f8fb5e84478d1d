import Format
import Plots
import Runtime

/// Histograms of the memories' numbers.
struct Distributions {
  let result: RewriteResult

  var figures: [Figure] { [similarity, probability, boundary, delta, layer] }

  /// The prompts of all memories, each beside its memory's name.
  private var prompts: [(memory: String, prompt: PromptResult)] {
    zip(result.compiled, result.results).flatMap { memory, result in
      result.prompts.map { (memory.spec.name, $0) }
    }
  }

  private var similarity: Figure {
    func values(_ isPositive: Bool) -> [Double] {
      result.prompts.filter { $0.role.isPositive == isPositive }.map { Double(min(2, max(-1, $0.similarity))) }
    }
    let negatives = values(false)
    return Figure(
      name: .similarity, heading: "Similarity to the key",
      drawing: Histogram(
        title: "Similarity of all prompts to their memory's key",
        groups: [(name: "positives", tone: .good, values: values(true))]
          + (negatives.isEmpty ? [] : [(name: "negatives", tone: .bad, values: negatives)]),
        horizontal: "similarity", vertical: "prompts"
      ).markup,
      caption:
        "All prompts by their similarity to their own memory's key. Positives belong near 1, negatives far from it. "
        + "Values beyond −1 and 2 stand at the ends.",
      data: DataTable(
        ["memory", "kind", "prompt", "similarity"],
        prompts.map { [$0.memory, $0.prompt.role.rawValue, $0.prompt.prompt, "\($0.prompt.similarity)"] }))
  }

  private var probability: Figure {
    let positives = prompts.filter(\.prompt.role.isPositive)
    return Figure(
      name: .probability, heading: "p(target) behind the positives",
      drawing: Histogram(
        title: "Probability of the target behind positives in the patched model",
        groups: [
          (
            name: "patched", tone: .good,
            values: positives.map { Double(Float(exponential($0.prompt.targetAfter))) }
          )
        ],
        horizontal: "p(target), patched", vertical: "positives"
      ).markup, caption: "How sure the patched model is of the target's first token behind each positive.",
      data: DataTable(
        ["memory", "kind", "prompt", "p_target_base", "p_target_patched"],
        positives.map {
          [
            $0.memory, $0.prompt.role.rawValue, $0.prompt.prompt, "\(exponential($0.prompt.targetBefore))",
            "\(exponential($0.prompt.targetAfter))",
          ]
        }))
  }

  private var boundary: Figure {
    spread(
      .boundary, "Boundary", result.compiled.map { $0.rows[0].boundary }, "boundary b",
      "How far the regions reach. A large boundary takes in more wordings, and more that it should not.")
  }

  private var delta: Figure {
    spread(
      .delta, "Size of the delta", result.compiled.map { Float($0.rows[0].deltaNorm) }, "‖Δ‖",
      "How much the memories add. Those at the right end needed most to change what the model says.")
  }

  private var layer: Figure {
    spread(
      .layer, "Layer", result.compiled.map { Float($0.address.layer) }, "layer",
      "How deep in the model the memories act; 0 is the first layer.", isWhole: true)
  }

  /// A histogram of one number per memory.
  private func spread(
    _ name: Figure.Name, _ heading: String, _ values: [Float], _ horizontal: String, _ caption: String,
    isWhole: Bool = false
  ) -> Figure {
    Figure(
      name: name, heading: heading,
      drawing: Histogram(
        title: heading, groups: [(name: "memories", tone: .good, values: values.map { Double($0) })],
        horizontal: horizontal, vertical: "memories", isWhole: isWhole
      ).markup, caption: caption,
      data: DataTable(
        ["memory", name.rawValue],
        zip(result.compiled, values).map { [$0.spec.name, isWhole ? "\(Int($1))" : "\($1)"] }))
  }
}
