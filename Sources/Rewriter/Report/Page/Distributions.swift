import Format
import Plots
import Runtime

/// Histograms of the memories' numbers.
struct Distributions {
  let result: RewriteResult

  var markup: Markup { figureGrid([similarity, probability, boundary, delta, layer]) }

  private var similarity: Markup {
    func values(_ isPositive: Bool) -> [Double] {
      result.prompts.filter { $0.role.isPositive == isPositive }.map { Double(min(2, max(-1, $0.similarity))) }
    }
    let negatives = values(false)
    return figure(
      "Similarity to the key",
      Histogram(
        title: "Similarity of all prompts to their memory's key",
        groups: [(name: "positives", tone: .good, values: values(true))]
          + (negatives.isEmpty ? [] : [(name: "negatives", tone: .bad, values: negatives)]),
        horizontal: "similarity", vertical: "prompts"
      ).markup,
      "All prompts by their similarity to their own memory's key. Positives belong near 1, negatives far from it. "
        + "Values beyond −1 and 2 stand at the ends.")
  }

  private var probability: Markup {
    let values = result.prompts.filter(\.role.isPositive).map { Double(Float(exponential($0.targetAfter))) }
    return figure(
      "p(target) behind the positives",
      Histogram(
        title: "Probability of the target behind positives in the patched model",
        groups: [(name: "patched", tone: .good, values: values)], horizontal: "p(target), patched",
        vertical: "positives"
      ).markup, "How sure the patched model is of the target's first token behind each positive.")
  }

  private var boundary: Markup {
    spread(
      "Boundary", result.compiled.map { $0.rows[0].boundary }, "boundary b",
      "How far the regions reach. A large boundary takes in more wordings, and more that it should not.")
  }

  private var delta: Markup {
    spread(
      "Size of the delta", result.compiled.map { Float($0.rows[0].deltaNorm) }, "‖Δ‖",
      "How much the memories add. Those at the right end needed most to change what the model says.")
  }

  private var layer: Markup {
    spread(
      "Layer", result.compiled.map { Float($0.address.layer) }, "layer",
      "How deep in the model the memories act; 0 is the first layer.", isWhole: true)
  }

  /// A histogram of one number per memory.
  private func spread(
    _ title: String, _ values: [Float], _ name: String, _ caption: String, isWhole: Bool = false
  ) -> Markup {
    figure(
      title,
      Histogram(
        title: title, groups: [(name: "memories", tone: .good, values: values.map { Double($0) })],
        horizontal: name, vertical: "memories", isWhole: isWhole
      ).markup, caption)
  }
}
