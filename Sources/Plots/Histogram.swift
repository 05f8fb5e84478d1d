/// How often values fall into equal parts of their range, by group, the groups' bars on each other.
public struct Histogram: Sendable {
  public var title: String
  public var groups: [(name: String, tone: Tone, values: [Double])]
  public var horizontal: String
  public var vertical: String
  /// Of whole numbers each has a bar of its own.
  public var isWhole: Bool

  public init(
    title: String, groups: [(name: String, tone: Tone, values: [Double])], horizontal: String, vertical: String,
    isWhole: Bool = false
  ) {
    self.title = title
    self.groups = groups
    self.horizontal = horizontal
    self.vertical = vertical
    self.isWhole = isWhole
  }

  public var markup: Markup {
    let plot = Plot(height: 190, left: 46, top: 24, title: title)
    let all = groups.flatMap(\.values).filter(\.isFinite)
    guard let least = all.min(), let most = all.max() else { return plot.svg([]) }
    let (low, high) = isWhole ? (least - 0.5, most + 0.5) : most > least ? (least, most) : (least - 0.5, least + 0.5)
    let bins = isWhole ? max(1, min(400, Int(high - low))) : 24
    let counts = groups.map { group in
      group.values.filter(\.isFinite).reduce(into: [Int](repeating: 0, count: bins)) {
        $0[min(bins - 1, Int(($1 - low) / (high - low) * Double(bins)))] += 1
      }
    }
    let highest = (0..<bins).map { bin in counts.reduce(0) { $0 + $1[bin] } }.max() ?? 1
    let x = Scale(low...high, from: plot.left, to: plot.innerRight)
    let y = Scale(0...Double(max(1, highest)), from: plot.innerBottom, to: plot.top)
    let wholeTicks = { (scale: Scale, count: Int) in scale.ticks(count).filter { $0 == $0.rounded() } }
    var content = plot.verticalAxis(y, name: vertical, ticks: wholeTicks(y, 5))
    content += plot.horizontalAxis(x, name: horizontal, ticks: isWhole ? wholeTicks(x, 10) : nil)
    for bin in 0..<bins {
      let (start, end) = (edge(bin, bins, low, high), edge(bin + 1, bins, low, high))
      var base = 0
      for (group, count) in zip(groups, counts) where count[bin] > 0 {
        let note =
          "\(group.name): \(count[bin]) "
          + (isWhole ? "at \(label(start + 0.5))" : "from \(label(start)) to \(label(end))")
        content.append(
          tag(
            "rect",
            [
              "class": "bar \(group.tone.rawValue)", "x": coordinate(x(start) + 0.5),
              "y": coordinate(y(Double(base + count[bin]))), "width": coordinate(max(0.5, x(end) - x(start) - 1)),
              "height": coordinate(y(Double(base)) - y(Double(base + count[bin]))),
            ], [tag("title", [:], [.text(note)])]))
        base += count[bin]
      }
    }
    return plot.svg(content + legend(plot))
  }

  private func edge(_ index: Int, _ bins: Int, _ low: Double, _ high: Double) -> Double {
    low + (high - low) * Double(index) / Double(bins)
  }

  private func legend(_ plot: Plot) -> [Markup] {
    guard groups.count > 1 else { return [] }
    var x = plot.left
    return groups.flatMap { group -> [Markup] in
      defer { x += 26 + Labels.width(group.name, size: Plot.fontSize) }
      return [
        tag(
          "rect", ["class": "bar \(group.tone.rawValue)", "x": coordinate(x), "y": "4", "width": "10", "height": "10"]),
        Plot.text(group.name, x + 14, 13, anchor: "start"),
      ]
    }
  }
}
