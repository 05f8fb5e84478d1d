import Format
import Plots
import Runtime

/// Patches of every token at every address as one picture per site: the post's figure.
struct PatchMap {
  private let trials: [SiteAddress: [Int: [PatchTrial]]]
  private let layers: Int
  /// The ‖Δ‖ / ‖a‖ of the step shown; nil where the spec pins alpha.
  private let step: Float?

  init?(_ trials: [PatchTrial]) {
    guard !trials.isEmpty else { return nil }
    self.trials = Dictionary(grouping: trials, by: \.address).mapValues { Dictionary(grouping: $0, by: \.token) }
    layers = (trials.map(\.address.layer).max() ?? 0) + 1
    let stepsPerCell = self.trials.values.flatMap(\.values).map(\.count).max() ?? 1
    step = stepsPerCell > 1 ? Self.tellingStep(trials) : nil
  }

  /// The step at which the share of cells that reach the target is nearest to one half.
  private static func tellingStep(_ trials: [PatchTrial]) -> Float {
    var steps: [Float] = []
    for trial in trials where !steps.contains(where: { isNear(trial.relativeStep, $0) }) {
      steps.append(trial.relativeStep)
    }
    let shares = steps.sorted().map { step -> (step: Float, distance: Double) in
      let chosen = trials.filter { isNear($0.relativeStep, step) }
      return (step, abs(Double(chosen.count(where: \.reaches)) / Double(chosen.count) - 0.5))
    }
    return shares.min { $0.distance < $1.distance }?.step ?? 1
  }

  private static func isNear(_ a: Float, _ b: Float) -> Bool { abs(a / b - 1) < 0.01 }

  var meaning: String {
    let size =
      step.map { "a delta \(label(Double($0))) times as long as the activation there" } ?? "the spec's alpha"
    return "The probability of that token as the next one, after one step down the gradient (\(size)) was added to a "
      + "single site at a single token (rows) and layer (columns). Where cells are bright, the fact can be told. Blank "
      + "cells have no influence on the prompt's last token. Rest the pointer on a cell to see the smallest step that "
      + "makes it the likeliest token."
  }

  /// - Parameters:
  ///   - tokens: of the key prompt, as text.
  ///   - marked: the memory's own cell; nil where it acts at the other site.
  func figure(_ site: Site, tokens: [String], marked: (row: Int, column: Int)?) -> Figure {
    Figure(
      name: site == .attn ? .mapAttn : .mapMLP,
      heading: site == .attn
        ? "attn: into the attention's output projection" : "mlp: into the feed-forward's output projection",
      drawing: drawing(site, tokens: tokens, marked: marked),
      caption: marked == nil ? "" : "The framed cell is where the memory acts.", data: data(site, tokens: tokens))
  }

  /// Every patch that was tried, also those that the picture does not show.
  private func data(_ site: Site, tokens: [String]) -> DataTable {
    let rows = tokens.indices.flatMap { token in
      (0..<layers).flatMap { layer in
        (trials[SiteAddress(layer: layer, site: site)]?[token] ?? []).map { trial in
          [
            "\(token)", tokens[token], "\(layer)", "\(trial.relativeStep)", "\(exponential(trial.logprob))",
            "\(trial.reaches)",
          ]
        }
      }
    }
    return DataTable(["token", "text", "layer", "relative_step", "p_target", "reaches"], rows)
  }

  private func drawing(_ site: Site, tokens: [String], marked: (row: Int, column: Int)?) -> Markup {
    let cells = tokens.indices.map { token in
      (0..<layers).map { layer -> HeatMap.Cell? in
        let steps = trials[SiteAddress(layer: layer, site: site)]?[token] ?? []
        guard let shown = steps.first(where: { trial in step.map { Self.isNear(trial.relativeStep, $0) } ?? true })
        else { return nil }
        let reaching = steps.filter(\.reaches).map(\.relativeStep).min()
        let reach =
          reaching.map { "reached with a step of \(label(Double($0))) ‖a‖" } ?? "not reached with any step tried"
        return .init(
          value: exponential(shown.logprob),
          note: "“\(tokens[token].printable())”, layer \(layer): p \(probability(shown.logprob)); \(reach)")
      }
    }
    return HeatMap(
      title: "Probability of the target by token and layer, \(site.rawValue)",
      rowNames: tokens.enumerated().map { "\($0) \($1.printable())" }, cells: cells, marked: marked,
      columnsName: "layer", valueName: "p(target)"
    ).markup
  }
}
